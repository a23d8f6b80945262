"""LoRA files of every form against an independent computation, and what is refused, with its name."""

from __future__ import annotations

import json
import math

import pytest
import torch
from safetensors.torch import save_file

from humo_engine.fp8 import use_float8
from humo_engine.lora import Lora, LoraError, LoraMissing, LoraSwitch, fused, parse_lora, read_lora, read_loras
from humo_engine.model import HuMoTransformer
from humo_engine.streaming import StreamedLayers
from humo_engine.tiny import draw_weights, tiny_size

RANK = 3


@pytest.fixture(scope="module")
def model():
    with torch.device("meta"):
        transformer = HuMoTransformer(tiny_size("17b"))
    return draw_weights(transformer)


@pytest.fixture(scope="module")
def shapes(model):
    return {key: value.shape for key, value in model.state_dict().items()}


def pair(out: int, into: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(RANK, into, generator=generator), torch.randn(out, RANK, generator=generator)


def written(folder, tensors, name="a.safetensors", header=None):
    save_file({key: value.contiguous() for key, value in tensors.items()}, folder / name, header)
    return folder / name


FORMS = {
    "{p}.lora_down.weight {p}.lora_up.weight": "blocks.1.self_attn.q",
    "diffusion_model.{p}.lora_A.weight diffusion_model.{p}.lora_B.weight": "blocks.1.self_attn.q",
    "model.diffusion_model.{p}.lora_A.weight model.diffusion_model.{p}.lora_B.weight": "blocks.1.self_attn.q",
    "base_model.model.{p}.lora_A.default.weight base_model.model.{p}.lora_B.default.weight": "blocks.1.self_attn.q",
    "pipe.dit.{p}.lora_A.default.weight pipe.dit.{p}.lora_B.default.weight": "blocks.1.self_attn.q",
    "unet.{p}.lora.down.weight unet.{p}.lora.up.weight": "blocks.1.self_attn.q",
    "{p}.lora_linear_layer.down.weight {p}.lora_linear_layer.up.weight": "blocks.1.self_attn.q",
    "{p}.lora_A {p}.lora_B": "blocks.1.self_attn.q",
    "lora_unet_{p}.lora_down.weight lora_unet_{p}.lora_up.weight": "blocks_1_self_attn_q",
    "lora_unet__{p}.lora_down.weight lora_unet__{p}.lora_up.weight": "blocks_1_self_attn_q",
    "lycoris_{p}.lora_down.weight lycoris_{p}.lora_up.weight": "blocks_1_self_attn_q",
    "transformer.{p}.lora_A.weight transformer.{p}.lora_B.weight": "blocks.1.attn1.to_q",
}


@pytest.mark.parametrize(("form", "path"), FORMS.items())
@pytest.mark.parametrize("alpha", [None, 6.0])
def test_every_form_of_a_pair_gives_the_same_difference(tmp_path, shapes, form, path, alpha):
    down, up = pair(256, 256)
    first, second = form.format(p=path).split()
    tensors = {first: down, second: up}
    if alpha is not None:
        stem = first
        for ending in (".weight", ".default", ".lora_down", ".lora_A", ".down", ".lora", ".lora_linear_layer"):
            stem = stem.removesuffix(ending)
        tensors[f"{stem}.alpha"] = torch.tensor(alpha)
    changes, report = read_lora(written(tmp_path, tensors), 0.5, shapes)
    scale = 0.5 * (1 if alpha is None else alpha / RANK)
    expected = torch.zeros(256, 256, dtype=torch.float64)
    for rank in range(RANK):  # a sum of outer products, in fp64: nothing of the code that is tested
        expected += scale * torch.outer(up[:, rank].double(), down[rank].double())
    assert list(changes) == ["blocks.1.self_attn.q.weight"] and report.tensors == 1 and report.keys == len(tensors)
    assert torch.allclose(changes["blocks.1.self_attn.q.weight"][0].double(), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("blocks.0.attn2.to_k", "blocks.0.cross_attn.k"), ("blocks.0.attn1.to_out.0", "blocks.0.self_attn.o"),
        ("blocks.1.ffn.net.0.proj", "blocks.1.ffn.0"), ("blocks.1.ffn.net.2", "blocks.1.ffn.2"),
        ("condition_embedder.text_embedder.linear_1", "text_embedding.0"),
        ("condition_embedder.text_embedder.linear_2", "text_embedding.2"),
        ("condition_embedder.time_embedder.linear_1", "time_embedding.0"),
        ("condition_embedder.time_embedder.linear_2", "time_embedding.2"),
        ("condition_embedder.time_proj", "time_projection.1"), ("proj_out", "head.head"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("underscored", [False, True])
def test_diffusers_names_are_the_checkpoints_layers(tmp_path, shapes, theirs, ours, underscored):
    down, up = pair(*shapes[f"{ours}.weight"])
    name = "lora_unet_" + theirs.replace(".", "_") if underscored else f"transformer.{theirs}"
    file = written(tmp_path, {f"{name}.lora_down.weight": down, f"{name}.lora_up.weight": up})
    assert list(read_lora(file, 1.0, shapes)[0]) == [f"{ours}.weight"]


def of_diffusers(**configuration):
    """A header as diffusers writes it: peft's configuration as JSON, its names behind that of the part of the pipeline."""
    return {
        "format": "pt",
        "lora_adapter_metadata": json.dumps({f"transformer.{key}": value for key, value in configuration.items()}),
    }


def factor_of(file, shapes):
    """How often the product of both matrices was added to the query of block 1."""
    down, up = pair(256, 256)
    changes, report = read_lora(file, 1.0, shapes)
    return float(changes["blocks.1.self_attn.q.weight"][0].norm() / (up @ down).norm()), report


@pytest.mark.parametrize(
    ("header", "factor"),
    [
        ({}, 1),
        ({"format": "pt", "ss_network_alpha": "6.0"}, 1),
        (of_diffusers(r=3, lora_alpha=6, alpha_pattern={}, use_rslora=False), 2),
        (of_diffusers(r=3, lora_alpha=6, alpha_pattern={"to_q": 12, "to_k": 24}), 4),
        (of_diffusers(r=3, lora_alpha=6, alpha_pattern={r"^blocks\.1\.attn1\.to_q": 12}), 4),
        (of_diffusers(r=3, lora_alpha=6, alpha_pattern={"^attn1.to_q": 12, "o_q": 12, "blocks.0.attn1.to_q": 12}), 2),
        (of_diffusers(r=3, lora_alpha=6, use_rslora=True), 6 / math.sqrt(3)),
        ({"lora_adapter_metadata": json.dumps({"r": 3, "lora_alpha": 6})}, 2),
        ({"lora_adapter_metadata": json.dumps({"text_encoder.lora_alpha": 6})}, 1),
        ({"alpha": "1.5"}, 0.5), ({"network_alpha": "1.5"}, 0.5), ({"lora_alpha": "1.5", "alpha": "1.5"}, 0.5),
    ],
)  # fmt: skip
def test_an_alpha_that_stands_in_the_header_counts(tmp_path, shapes, header, factor):
    down, up = pair(256, 256)
    name = "transformer.blocks.1.attn1.to_q"
    tensors = {f"{name}.lora_A.weight": down, f"{name}.lora_B.weight": up}
    seen, report = factor_of(written(tmp_path, tensors, header=header), shapes)
    assert seen == pytest.approx(factor, rel=1e-5)
    assert ("its header" in str(report)) == (factor != 1)
    # A tensor says it of its own layer.
    with_tensor = written(tmp_path, {**tensors, f"{name}.alpha": torch.tensor(9.0)}, header=header)
    assert factor_of(with_tensor, shapes)[0] == pytest.approx(3, rel=1e-5)


@pytest.mark.parametrize(("header", "factors"), [({}, (1, 1)), ({"alpha": "8"}, (2, 1))])
def test_each_layer_counts_by_its_own_rank(tmp_path, shapes, header, factors):
    generator = torch.Generator().manual_seed(2)
    pairs = {
        name: (torch.randn(256, rank, generator=generator), torch.randn(rank, 256, generator=generator))
        for name, rank in (("q", 4), ("k", 8))
    }
    tensors = {
        f"blocks.1.self_attn.{name}.lora_{part}.weight": value
        for name, (up, down) in pairs.items()
        for part, value in (("A", down), ("B", up))
    }
    changes, _ = read_lora(written(tmp_path, tensors, header=header), 1.0, shapes)
    for (name, (up, down)), factor in zip(pairs.items(), factors, strict=True):
        assert torch.allclose(changes[f"blocks.1.self_attn.{name}.weight"][0], factor * (up @ down), atol=1e-4)


def test_an_alpha_that_stands_in_pefts_configuration_counts(tmp_path, shapes):
    down, up = pair(256, 256)
    name = "base_model.model.blocks.1.self_attn.q"
    tensors = {f"{name}.lora_A.weight": down, f"{name}.lora_B.weight": up}
    (tmp_path / "adapter_config.json").write_text(json.dumps({"r": 3, "lora_alpha": 6, "alpha_pattern": {"k": 24}}))
    file = written(tmp_path, tensors, "adapter_model.safetensors")
    seen, report = factor_of(file, shapes)
    assert seen == pytest.approx(2, rel=1e-5) and "alpha 6 (adapter_config.json)" in str(report)
    assert factor_of(written(tmp_path, tensors, "other.safetensors"), shapes)[0] == pytest.approx(1)
    (tmp_path / "adapter_config.json").unlink()
    assert factor_of(file, shapes)[0] == pytest.approx(1)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ({"alpha": "8", "network_alpha": "16"}, "a.safetensors: its header has several alphas: network_alpha 16, alpha 8"),
        ({"alpha": "much"}, "alpha in its header is much, and has to be a number above 0"),
        (of_diffusers(lora_alpha=-1), "lora_alpha in its header is -1, and has to be a number above 0"),
        (of_diffusers(lora_alpha=6, alpha_pattern={"to_(q|k)": 12}), r"alpha_pattern in its header has to_\(q\|k\), and only names"),
        (of_diffusers(lora_alpha=6, alpha_pattern=[12]), "alpha_pattern in its header does not map names to numbers"),
        ({"lora_adapter_metadata": "{"}, "lora_adapter_metadata in its header is no JSON"),
        ({"lora_adapter_metadata": "[]"}, "lora_adapter_metadata in its header does not map names to values"),
    ],
)  # fmt: skip
def test_an_alpha_that_cannot_be_followed_is_an_error(tmp_path, shapes, header, message):
    down, up = pair(256, 256)
    tensors = {"blocks.1.self_attn.q.lora_A.weight": down, "blocks.1.self_attn.q.lora_B.weight": up}
    with pytest.raises(LoraError, match=message):
        read_lora(written(tmp_path, tensors, header=header), 1.0, shapes)


def test_whole_differences_and_a_part_in_the_middle(tmp_path, shapes):
    generator = torch.Generator().manual_seed(1)
    values = {
        "diffusion_model.blocks.0.norm3.diff": torch.randn(256, generator=generator),
        "diffusion_model.blocks.0.norm3.diff_b": torch.randn(256, generator=generator),
        "diffusion_model.blocks.0.diff_m": torch.randn(1, 6, 256, generator=generator),
        "diffusion_model.head.diff_m": torch.randn(1, 2, 256, generator=generator),
        "diffusion_model.ffn": None,
    }
    del values["diffusion_model.ffn"]
    up, mid, down = (torch.randn(*shape, generator=generator) for shape in ((256, 4), (4, 5), (5, 256)))
    middle = {f"blocks.0.self_attn.v.lora_{part}.weight": value for part, value in (("up", up), ("mid", mid), ("down", down))}
    changes, _ = read_lora(written(tmp_path, {**values, **middle}), 2.0, shapes)
    assert torch.equal(changes["blocks.0.norm3.weight"][0], 2 * values["diffusion_model.blocks.0.norm3.diff"])
    assert torch.equal(changes["blocks.0.norm3.bias"][0], 2 * values["diffusion_model.blocks.0.norm3.diff_b"])
    assert torch.equal(changes["blocks.0.modulation"][0], 2 * values["diffusion_model.blocks.0.diff_m"])
    assert torch.equal(changes["head.modulation"][0], 2 * values["diffusion_model.head.diff_m"])
    expected = 2 * (up.double() @ mid.double() @ down.double())
    assert torch.allclose(changes["blocks.0.self_attn.v.weight"][0].double(), expected, atol=1e-4)


def test_what_image_models_have_is_passed_over_by_name(tmp_path, shapes):
    down, up = pair(256, 256)
    tensors = {"blocks.0.self_attn.q.lora_A.weight": down, "blocks.0.self_attn.q.lora_B.weight": up}
    image = ["blocks.0.cross_attn.k_img.lora_A.weight", "blocks.0.cross_attn.v_img.diff_b", "blocks.0.cross_attn.norm_k_img.diff",
             "lora_unet_img_emb_proj_1.lora_down.weight", "blocks.0.attn2.add_k_proj.lora_A.weight"]  # fmt: skip
    _, report = read_lora(written(tmp_path, {**tensors, **{key: torch.zeros(2, 2) for key in image}}), 1.0, shapes)
    assert sorted(report.passed_over) == sorted(image) and report.keys == 2
    assert "passed over, since HuMo has no image cross-attention: 5" in str(report)
    only = written(tmp_path, {key: torch.zeros(2, 2) for key in image}, "only.safetensors")
    with pytest.raises(LoraError, match=r"only.safetensors changes nothing in the model: none of its 5 keys is used"):
        read_lora(only, 1.0, shapes)


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({"blocks.9.self_attn.q.lora_A.weight": (3, 256)}, r"blocks.9.self_attn.q.lora_A.weight \(3, 256\) belongs to nothing"),
        ({"something.else": (2,)}, r"something.else \(2,\) belongs to nothing"),
        ({"blocks.0.self_attn.q.lora_A.weight": (3, 256)}, "lora_A.weight stands alone"),
        ({"blocks.0.self_attn.q.lora_A.weight": (3, 250), "blocks.0.self_attn.q.lora_B.weight": (256, 3)},
         r"blocks.0.self_attn.q.lora_B.weight makes \(256, 250\), and blocks.0.self_attn.q.weight has shape \(256, 256\)"),
        ({"blocks.0.self_attn.q.lora_A.weight": (3, 256), "blocks.0.self_attn.q.lora_B.weight": (256, 4)},
         r"lora_B.weight \(256, 4\) and .*lora_A.weight \(3, 256\) do not go together"),
        ({"patch_embedding.diff": (256, 16, 1, 2, 2)},
         r"patch_embedding.diff makes \(256, 16, 1, 2, 2\), and patch_embedding.weight has shape \(256, 36, 1, 2, 2\)"),
        ({"blocks.0.self_attn.norm_q.diff_b": (256,)}, "the model has no blocks.0.self_attn.norm_q.bias"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_an_error_that_names_the_key_and_both_shapes(tmp_path, shapes, tensors, message):
    file = written(tmp_path, {key: torch.zeros(shape) for key, shape in tensors.items()})
    with pytest.raises(LoraError, match=message):
        read_lora(file, 1.0, shapes)


def test_a_file_that_is_not_there_says_how_to_get_it(tmp_path, shapes):
    with pytest.raises(LoraMissing, match="weights download --lora"):
        read_lora(tmp_path / "none.safetensors", 1.0, shapes)


def two_files(folder):
    for number, name in enumerate(("one", "two")):
        down, up = pair(256, 256, number)
        tensors = {"blocks.0.self_attn.q.lora_A.weight": 0.1 * down, "blocks.0.self_attn.q.lora_B.weight": up}
        down, up = pair(512, 256, number + 10)
        tensors |= {"blocks.1.ffn.0.lora_A.weight": 0.1 * down, "blocks.1.ffn.0.lora_B.weight": up}
        written(folder, tensors, f"{name}.safetensors")
    return Lora("one.safetensors", 0.7), Lora("two.safetensors", -0.2)


def test_several_count_each_with_its_strength_and_are_added_in_fp32(tmp_path, model, shapes):
    loras = two_files(tmp_path)
    differences = read_loras(loras, tmp_path, shapes)["blocks.0.self_attn.q.weight"]
    weight = model.blocks[0].self_attn.q.weight.detach()
    expected = weight.double()
    for number, strength in enumerate((0.7, -0.2)):
        down, up = pair(256, 256, number)
        expected = expected + strength * (up.double() @ (0.1 * down).double())
    assert torch.allclose(fused(weight, differences).double(), expected, atol=1e-5)
    assert torch.equal(
        fused(weight.bfloat16(), differences), (weight.bfloat16().float() + differences[0] + differences[1]).bfloat16()
    )


@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp8"])
@pytest.mark.parametrize("streamed", [False, True])
def test_a_switch_goes_there_and_back_to_the_bit(tmp_path, precision, streamed):
    loras = two_files(tmp_path)
    device = torch.device("cpu")

    def fresh():
        with torch.device("meta"):
            transformer = HuMoTransformer(tiny_size("17b"))
        return draw_weights(transformer).to(torch.float32 if precision == "fp32" else torch.bfloat16)

    model, reference = fresh(), fresh()
    missing = (Lora("absent.safetensors"),)
    switch = LoraSwitch(model, [loras, missing], tmp_path, device)
    shapes = {key: value.shape for key, value in reference.state_dict().items()}
    before = reference.state_dict()
    plain = fresh()
    for key, differences in read_loras(loras, tmp_path, shapes).items():
        before[key].copy_(fused(before[key], differences))
    if precision == "fp8":
        for transformer in (model, reference, plain):
            use_float8(transformer.blocks)
    switch.keep(StreamedLayers(model.blocks, device, 0, 1) if streamed else None)

    def out(transformer):
        generator = torch.Generator().manual_seed(5)
        dtype = torch.float32 if precision == "fp32" else torch.bfloat16
        size = transformer.size
        text = [(torch.randn(1, 4, 2, 128, generator=generator).to(dtype),) * 2 for _ in range(2)]
        audio = [(torch.randn(2, 16, 2, 128, generator=generator).to(dtype),) * 2 for _ in range(2)]
        x = torch.randn(1, 8, size.dim, generator=generator)
        for index, block in enumerate(transformer.blocks):
            x = block(x, torch.zeros(1, 6, size.dim), transformer.positions(2, 4, 4), text[index], audio[index])
        return x

    with torch.no_grad():
        without = out(plain)
        assert torch.equal(out(model), without)
        switch.use(loras)
        assert torch.equal(out(model), out(reference)) and not torch.equal(out(model), without)
        with pytest.raises(LoraMissing):
            switch.use(missing)
        with pytest.raises(LoraError, match="those of a preset"):
            switch.use((Lora("other.safetensors"),))
        switch.use(())
        assert torch.equal(out(model), without)


def test_requests_choose_among_the_loras_of_presets_and_one_that_is_missing_stops_no_other(tmp_path):
    import dataclasses
    from pathlib import Path
    from types import SimpleNamespace

    from humo_engine.load import load_pipelines
    from humo_engine.protocol import parse_request
    from humo_engine.serve import _failed
    from humo_engine.settings import load_settings

    loras, missing = two_files(tmp_path), (Lora("loras/absent.safetensors"),)
    settings = load_settings(Path(__file__).parents[2] / "generate.yaml", "tiny")
    standard = settings.preset("standard")
    settings = dataclasses.replace(
        settings,
        presets={
            "standard": standard,
            "with": dataclasses.replace(standard, loras=loras),
            "without-file": dataclasses.replace(standard, loras=missing),
        },
    )
    pipeline = load_pipelines(settings, ["17b"], tmp_path, torch.device("cpu"), switching=True)["17b"]
    listener = SimpleNamespace(**{name: lambda *arguments: None for name in ("progress", "preview", "frames", "check")})
    (tmp_path / "face.png").write_bytes((Path(__file__).parents[2] / "examples/portrait.png").read_bytes())

    def frames(number, preset, **more):
        body = {"prompt": "a face", "mode": "TI", "images": [str(tmp_path / "face.png")], "width": 32, "height": 32, "frames": 5,
                "steps": 3, **preset.request, **more}  # fmt: skip
        message = {"id": str(number), "request": body, "outputDir": str(tmp_path / str(number))}
        clip = pipeline.generate(parse_request(message, settings, ("17b",)), listener)
        return clip.path.read_bytes(), clip.spared

    plain, spared = frames(1, settings.preset("standard"))
    assert spared is None
    changed, _ = frames(2, settings.preset("with"))
    assert changed != plain
    with pytest.raises(LoraMissing, match="weights download --lora absent.safetensors") as caught:
        frames(3, settings.preset("without-file"))
    assert _failed("3", caught.value)["code"] == "weights_missing"
    again, spared = frames(4, settings.preset("standard"), caching={"threshold": 0.0})
    assert again == plain and spared.passes == 6 and spared.cached_steps == 0


def test_loras_of_a_process_are_added_once_when_it_loads(tmp_path, shapes):
    from pathlib import Path

    from humo_engine.load import load_pipelines
    from humo_engine.settings import load_settings

    loras = two_files(tmp_path)
    settings = load_settings(Path(__file__).parents[2] / "generate.yaml", "tiny")
    key = "blocks.0.self_attn.q.weight"
    plain, changed, again = (
        load_pipelines(settings, ["17b"], tmp_path, torch.device("cpu"), given)["17b"].components.transformer.state_dict()[key]
        for given in ((), loras, loras)
    )
    assert torch.equal(changed, fused(plain, read_loras(loras, tmp_path, shapes)[key]))
    assert torch.equal(changed, again) and not torch.equal(plain, changed)
    with pytest.raises(LoraError, match="a LoRA fits one model"):
        load_pipelines(settings, ["17b", "1_7b"], tmp_path, torch.device("cpu"), loras)
    assert parse_lora("x/a.safetensors=0.8").strength == 0.8 and parse_lora("a.safetensors").strength == 1.0
    with pytest.raises(LoraError, match="the strength must be a number"):
        parse_lora("a.safetensors=strong")
