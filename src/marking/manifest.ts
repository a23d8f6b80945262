/** What a signature says of a video: c2pa-rs' ManifestDefinition as JSON. No prompt, no person, no place. */
import { programName, programVersion } from '../version.ts';
import { generationAssertion, madeByModel } from './credentials.ts';
import type { GenerationFacts } from './credentials.ts';

/** The model by the name of its authors where these are its weights, and as what it is where they are not. */
export function modelName(title: string, weights: GenerationFacts['weights']): string {
  if (weights === 'official') return title;
  return weights === 'mini'
    ? `HuMo in Discord’s small demonstration model (in the form of ${title})`
    : `random weights (in the form of ${title})`;
}

/** As the manifest's action names its ingredient. */
export const parentLabel = 'parent';

/**
 * @param facts of the generation; `parentManifest` is `ingredient` where {@link parentDefinition} goes with it
 * @param options.modelTitle for people, of the official weights
 * @param options.when ISO 8601
 * @param options.watermark whether its pixels carry one
 */
export function manifestDefinition(
  facts: GenerationFacts,
  options: { readonly modelTitle: string; readonly when: string; readonly watermark: boolean },
): Readonly<Record<string, unknown>> {
  const created = {
    action: 'c2pa.created',
    when: options.when,
    digitalSourceType: madeByModel,
    softwareAgent: { name: modelName(options.modelTitle, facts.weights) },
    // A video of the same request is no picture that was worked on: it led to this one (relationship `inputTo`).
    ...(facts.parentManifest === 'ingredient' ? { parameters: { ingredientIds: [parentLabel] } } : {}),
  };
  // C2PA specification 2.1 and later: a watermark that no manifest can be found by.
  const watermarked = { action: 'c2pa.watermarked.unbound', when: options.when };
  return {
    claim_version: 2,
    claim_generator_info: [
      {
        ...{ name: programName, version: programVersion },
        ...{ model: facts.model, weights: facts.weights, preset: facts.preset },
      },
    ],
    title: titleOf(facts.generation),
    format: 'video/mp4',
    assertions: [
      {
        label: 'c2pa.actions.v2',
        data: { actions: [created, ...(options.watermark ? [watermarked] : [])], allActionsIncluded: true },
      },
      { label: generationAssertion, kind: 'Json', data: facts },
    ],
  };
}

/** The generation that was run again, as an ingredient with its own manifest. */
export function parentDefinition(parentId: string): Readonly<Record<string, unknown>> {
  return { title: titleOf(parentId), relationship: 'inputTo', label: parentLabel };
}

function titleOf(generationId: string): string {
  return `humo-${generationId}.mp4`;
}
