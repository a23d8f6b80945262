"""The text encoder of the small model: a small UMT5 over bytes that learns what a prompt of its little world says, and that others say nothing."""

from __future__ import annotations

import copy
import random
import time
from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from humo_engine.mini import TEXT_LENGTH, TEXT_WIDTH, build_text_encoder
from humo_engine.text import clean_text
from humo_engine.tiny import byte_tokenizer
from humo_mini.drawing import Person, Scene, Split, draw_person, draw_prompt, draw_scene
from humo_mini.optimise import Optimiser, rate_at
from humo_mini.palette import COLOUR_WORDS, COLOURS, GLASSES, HAIR_COLOURS, HAIR_SHAPES, LANGUAGES, SCENE_WORDS, SCENES

DEFAULT_SCENE = Scene("wall", "grey")
"""Where somebody is when the prompt names no place of the little world."""

NEGATIVE_PROMPTS = (
    "色调艳丽，过曝，静态，细节模糊不清，字幕，风格，作品，画作，画面，静止，整体发灰，最差质量，低质量，JPEG压缩残留，丑陋的，残缺的，多余的手指",
    "", "blurry, low quality, extra fingers", "unscharf, schlechte Qualität", "ugly, deformed, worst quality, static",
)  # fmt: skip

_SUBJECTS = (
    "A dragon", "The prime minister", "A robot with three arms", "My cat", "Two football players", "A chef", "An astronaut's dog", "A violin", "Ein Löwe",
    "Un éléphant", "Una bruja", "猫", "A person", "Someone", "A woman", "A man", "The singer", "An old king", "A presenter", "Eine Frau", "Un homme",
)  # fmt: skip
_DEEDS = (
    "eats noodles", "plays the piano", "explains quantum physics", "is talking", "speaks to the camera", "dances slowly", "rides a bicycle", "sings a song",
    "reads the news", "waves both hands", "looks happy", "spricht", "parle", "habla", "話している", "drinks coffee from a cup", "gives a talk", "smiles",
)  # fmt: skip
_MANNERS = (
    "", "with great joy", "in slow motion", "cinematic lighting, 4k", "very detailed", "like in an old film", "while it rains", "quickly", "for a commercial",
    "with a trumpet", "on a boat made of cheese", "under a giant umbrella", "next to a horse",
)  # fmt: skip

_FREE: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "en": (
        ("My neighbour", "the chef", "a clown", "two friends", "Grandma", "a news anchor", "an astronaut", "the dog", "a nurse", "our host", "A robot"),
        ("sings", "is waiting", "laughs loudly", "reads out a poem", "explains the rules", "whispers", "says hello", "answers a question", "smiles"),
        ("{p} {d} {s}", "{p} {d} {s}, in close-up", "{s} we see {p}, who {d}", "{p}, {s}, {d}", "film of {p} {s}", "{s}: {p} {d}", "{d} {s}"),
    ),
    "de": (
        ("Mein Nachbar", "die Köchin", "ein Clown", "zwei Freunde", "Oma", "ein Roboter", "der Hund", "unsere Lehrerin", "ein Kind", "eine Eule"),
        ("singt", "wartet", "lacht laut", "liest ein Gedicht vor", "erklärt die Regeln", "flüstert", "sagt Hallo", "lächelt", "winkt"),
        ("{p} {d} {s}", "{s} {d} {p}", "{p}, {s}, {d} leise", "{p} steht {s} und {d}", "Man sieht {p} {s}", "Nahaufnahme: {p} {s}", "{d} {s}, {p}"),
    ),
    "fr": (
        ("Mon voisin", "la cuisinière", "un clown", "deux amis", "Mamie", "un robot", "le chien", "notre professeur", "un enfant", "une chanteuse"),
        ("chante", "attend", "rit très fort", "lit un poème", "explique les règles", "chuchote", "dit bonjour", "sourit", "répond"),
        ("{p} {d} {s}", "{s}, {p} {d}", "{p}, {s}, {d} doucement", "{p} se tient {s} et {d}", "On voit {p} {s}", "Gros plan : {p} {s}", "{d} {s}"),
    ),
    "es": (
        ("Mi vecino", "la cocinera", "un payaso", "dos amigos", "La abuela", "un robot", "el perro", "nuestra maestra", "un niño", "una cantante"),
        ("canta", "espera", "ríe muy fuerte", "lee un poema", "explica las reglas", "susurra", "saluda", "sonríe", "responde"),
        ("{p} {d} {s}", "{s}, {p} {d}", "{p}, {s}, {d} despacio", "{p} está {s} y {d}", "Se ve a {p} {s}", "Primer plano: {p} {s}", "{d} {s}"),
    ),
    "ja": (
        ("隣の人", "料理人", "ピエロ", "友達二人", "おばあさん", "ロボット", "犬", "先生", "子供", "歌手"),
        ("歌っています", "待っています", "大声で笑っています", "詩を読んでいます", "説明しています", "ささやいています", "微笑んでいます"),
        ("{p}が{s}{d}", "{s}{p}が{d}", "{s}、{p}が静かに{d}", "{p}は{s}{d}。", "{s}{d}{p}", "映像：{s}{p}"),
    ),
}  # fmt: skip
"""Who, what they do, and how it is said where: sentences around a place that are none of the templates, so that the place's own words are read."""

FREE_SHARE = 0.35  # of the labelled prompts that name a place
STAY = 0.1  # what going far from the states of an encoder that one went on from counts

LABELS = ("scene", "colour", "hair_shape", "hair_colour", "shirt", "glasses")
CLASSES: dict[str, tuple[str, ...]] = {
    "scene": ("none", *SCENES), "colour": ("none", *COLOURS), "hair_shape": ("none", *HAIR_SHAPES), "hair_colour": ("none", *HAIR_COLOURS),
    "shirt": ("none", *COLOURS), "glasses": ("none", "some"),
}  # fmt: skip


def odd_prompt(numbers: random.Random) -> str:
    """A prompt that names no place of the little world."""
    if numbers.random() < 0.12:
        return (
            "".join(numbers.choice("abcdefghijklmnopqrstuvwxyz     ,.") for _ in range(numbers.randrange(3, 60))).strip() or "hm"
        )
    words = f"{numbers.choice(_SUBJECTS)} {numbers.choice(_DEEDS)} {numbers.choice(_MANNERS)}".strip()
    return words + numbers.choice(("", ".", "!"))


def free_prompt(scene: Scene, numbers: random.Random) -> str:
    """A prompt that names the scene in a sentence of its own making, in any of the five languages alike."""
    language = numbers.choice(LANGUAGES)
    subjects, deeds, patterns = _FREE[language]
    place = numbers.choice(SCENE_WORDS[scene.name][language])
    if scene.colour is not None:
        place = place.format(c=numbers.choice(COLOUR_WORDS[scene.colour][language]))
    words = numbers.choice(patterns).format(p=numbers.choice(subjects), d=numbers.choice(deeds), s=place)
    words = words[0].upper() + words[1:] + numbers.choice(("", ".", "!"))
    return words.lower() if numbers.random() < 0.15 else words


def labelled_prompt(seed: int, split: Split = "train") -> tuple[str, dict[str, int]]:
    """A prompt, and what it says of each label, as an index into CLASSES."""
    numbers = random.Random(f"text/{split}/{seed}")
    said = dict.fromkeys(LABELS, 0)
    chance = numbers.random()
    if chance < 0.06:
        words = numbers.choice(NEGATIVE_PROMPTS)
        return words[numbers.randrange(len(words) // 2 + 1) :] if words and numbers.random() < 0.5 else words, said
    if chance < 0.2:
        return odd_prompt(numbers), said
    scene, person = draw_scene(numbers.randrange(2**31)), draw_person(numbers.randrange(2**31))
    free = split == "train" and numbers.random() < FREE_SHARE
    language = numbers.choice((None, *LANGUAGES))
    words = free_prompt(scene, numbers) if free else draw_prompt(scene, person, numbers.randrange(2**31), split, language)
    said["scene"] = CLASSES["scene"].index(scene.name)
    if scene.colour:
        said["colour"] = CLASSES["colour"].index(scene.colour)
    return words, said if free else said | _said_of(person, words)


def _said_of(person: Person, words: str) -> dict[str, int]:
    """What the looks in a prompt say; they are only ever given in English, after "with"."""
    low = words.lower()
    said: dict[str, int] = {}
    if " with " in low and any(word in low for word in ("hair", " bob", "curls", " bun", "bald")):
        said["hair_shape"] = CLASSES["hair_shape"].index(person.hair_shape)
        if person.hair_shape != "bald":
            said["hair_colour"] = CLASSES["hair_colour"].index(person.hair_colour)
        if "shirt" in low:
            said["shirt"] = CLASSES["shirt"].index(person.shirt)
        said["glasses"] = int("glasses" in low and GLASSES.index(person.glasses) > 0)
    return said


def tokenize(prompts: list[str], tokenizer, device: torch.device | str) -> tuple[Tensor, Tensor]:
    """Prompts → ids and mask (prompts, TEXT_LENGTH), as the engine reads them one by one."""
    rows = [tokenizer(clean_text(p), truncation=True, max_length=TEXT_LENGTH).input_ids for p in prompts]
    ids, mask = torch.zeros(len(rows), TEXT_LENGTH, dtype=torch.long), torch.zeros(len(rows), TEXT_LENGTH, dtype=torch.long)
    for index, row in enumerate(rows):
        ids[index, : len(row)] = torch.tensor(row)
        mask[index, : len(row)] = 1
    return ids.to(device), mask.to(device)


@torch.no_grad()
def text_states(prompts: list[str], encoder: nn.Module, tokenizer) -> Tensor:
    """Prompts → states (prompts, TEXT_LENGTH, width), zeros after each prompt's end, as `HuMoTransformer.embed_text` fills up."""
    return states_of(tokenize(prompts, tokenizer, next(encoder.parameters()).device)[0], encoder)


@torch.no_grad()
def states_of(ids: Tensor, encoder: nn.Module, together: int = 512) -> Tensor:
    """Ids of `tokenize` (prompts, TEXT_LENGTH) → states (prompts, TEXT_LENGTH, width), so many prompts at once."""
    made = []
    for part in ids.long().split(together):
        mask = (part != 0).long()  # 0 is the padding
        made.append(encoder(input_ids=part, attention_mask=mask).last_hidden_state * mask[..., None])
    return torch.cat(made)


class Probes(nn.Module):
    """A linear reading of each label from the mean of a prompt's states."""

    def __init__(self) -> None:
        super().__init__()
        self.heads = nn.ModuleDict({name: nn.Linear(TEXT_WIDTH, len(CLASSES[name])) for name in LABELS})

    def forward(self, states: Tensor, mask: Tensor) -> dict[str, Tensor]:
        mean = (states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True).clamp(min=1)
        return {name: head(mean) for name, head in self.heads.items()}


Labelled = tuple[Tensor, Tensor, dict[str, Tensor]]
"""Ids and mask (prompts, TEXT_LENGTH), and of each label what it is."""


def train_text(
    seconds: float,
    device: torch.device,
    seed: int = 1,
    prompts: int | Labelled = 20_000,
    batch: int = 256,
    steps: int | None = None,
    start: Mapping[str, Tensor] | None = None,
    log=print,
) -> tuple[nn.Module, dict[str, float]]:
    """An encoder after so many seconds (or steps), and the share of held-out prompts of which each label is read rightly.

    `prompts` are how many to draw, or some that were drawn before. From `start`, an encoder's weights, it goes on with a third of the rate, and
    stays near what that encoder says.
    """
    torch.manual_seed(seed)
    tokenizer, vocabulary = byte_tokenizer()
    drawn = label_prompts(prompts) if isinstance(prompts, int) else prompts
    ids, mask = drawn[0].to(device), drawn[1].to(device)
    labels = {name: values.to(device) for name, values in drawn[2].items()}
    started = time.monotonic()
    encoder = build_text_encoder(vocabulary).to(device).train().requires_grad_(True)
    before = None
    if start is not None:
        encoder.load_state_dict(start)
        before = copy.deepcopy(encoder).eval().requires_grad_(False)
    probes = Probes().to(device)
    named = [*encoder.named_parameters(), *probes.named_parameters()]
    factors = [1.0 if before is None or name.startswith("heads.") else 0.3 for name, _ in named]
    optimiser = Optimiser([], [(p, factor) for (_, p), factor in zip(named, factors, strict=True)], 0.0, 3e-3, 0.99)
    generator = torch.Generator(device).manual_seed(seed)
    step = 0
    while True:
        progress = step / steps if steps else (time.monotonic() - started) / seconds
        if progress >= 1:
            break
        index = torch.randint(ids.shape[0], (batch,), generator=generator, device=device)
        longest = int(mask[index].sum(1).max())
        optimiser.zero()
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            seen = mask[index, :longest]
            states = encoder(input_ids=ids[index, :longest], attention_mask=seen).last_hidden_state
            loss = sum(F.cross_entropy(out.float(), labels[name][index]) for name, out in probes(states, seen).items())
            if before is not None:
                with torch.no_grad():
                    was = before(input_ids=ids[index, :longest], attention_mask=seen).last_hidden_state
                far = ((states - was).float().square().mean(-1) * seen).sum() / seen.sum()
                loss = loss + STAY * far / was.float().square().mean()
        loss.backward()
        optimiser.step(rate_at(progress))
        step += 1
        if step % 100 == 0:
            log(f"text: step {step}, {time.monotonic() - started:.0f} s, loss {loss.item():.4f}")
    optimiser.swap()
    encoder.eval().requires_grad_(False)
    return encoder, _accuracy(encoder, probes.eval(), tokenizer, device, min(512, ids.shape[0]))


def label_prompts(count: int, split: Split = "train") -> Labelled:
    """So many prompts of a split, with what they say; on the CPU, which takes some seconds for thousands."""
    return _labelled(count, split, byte_tokenizer()[0], torch.device("cpu"))


def _labelled(count: int, split: Split, tokenizer, device: torch.device) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
    pairs = [labelled_prompt(seed, split) for seed in range(count)]
    ids, mask = tokenize([words for words, _ in pairs], tokenizer, device)
    return ids, mask, {name: torch.tensor([said[name] for _, said in pairs], device=device) for name in LABELS}


@torch.no_grad()
def _accuracy(encoder: nn.Module, probes: Probes, tokenizer, device: torch.device, count: int) -> dict[str, float]:
    ids, mask, labels = _labelled(count, "held-out", tokenizer, device)
    states = encoder(input_ids=ids, attention_mask=mask).last_hidden_state
    return {name: float((out.argmax(1) == labels[name]).float().mean()) for name, out in probes(states, mask).items()}
