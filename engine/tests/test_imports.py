"""Which module needs which: no circles, also none that are hidden in a function; and what of other libraries is relied on but not promised."""

from __future__ import annotations

import ast
import re
import tomllib
from graphlib import CycleError, TopologicalSorter
from importlib import metadata
from pathlib import Path

ENGINE = Path(__file__).parents[1]
PACKAGES = ("humo_engine", "humo_mini", "humo_quality", "humo_provenance")


def sources() -> dict[str, ast.Module]:
    """Every module of the packages by its full name, a package's own by the package's."""
    files = [file for package in PACKAGES for file in (ENGINE / package).rglob("*.py")]
    names = {file: ".".join(file.relative_to(ENGINE).with_suffix("").parts).removesuffix(".__init__") for file in files}
    return {name: ast.parse(file.read_text(encoding="utf-8")) for file, name in names.items()}


def imported_by(tree: ast.Module, modules: frozenset[str]) -> set[str]:
    """The `modules` that one imports anywhere in it: at its top, in a function, or for its types alone."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0 and node.module, "imports name the whole path"
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= inner & modules or {node.module}
    return found & modules


def test_no_module_needs_itself_by_way_of_others():
    trees = sources()
    modules = frozenset(trees)
    needs = {name: imported_by(tree, modules) - {name} for name, tree in trees.items()}
    assert needs["humo_engine.checkpoint"] >= {"humo_engine.memory.shortage", "humo_engine.model"}
    assert "humo_engine.bench.run" in needs["humo_engine.commands.bench"]  # in a function
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        raise AssertionError(f"a circle of imports: {' → '.join(error.args[1])}") from None


def test_what_serves_needs_nothing_of_training_and_measuring():
    """But for the two commands that are these; what every start imports of them is how their options are declared."""
    trees = sources()
    modules = frozenset(name for name in trees if name.split(".")[0] in ("humo_mini", "humo_quality"))
    needing = {
        name: found for name, tree in trees.items() if name.startswith("humo_engine") and (found := imported_by(tree, modules))
    }
    assert needing == {
        "humo_engine.commands.mini": {"humo_mini.cli"},
        "humo_engine.commands.quality": {"humo_quality.cli"},
    }
    options = ast.Module([node for node in trees["humo_mini.cli"].body if isinstance(node, ast.Import | ast.ImportFrom)], [])
    assert not imported_by(options, frozenset(trees))


# What is used of other libraries though it carries an underscore: nobody promises that it stays, so `pyproject.toml` bounds their versions.
PRIVATE = {
    # How far a causal convolution pads. Its public `padding` is zero: it pads by itself. `test_vae.py` compares with the library's decode.
    "diffusers": {("humo_engine.vae", "_padding"), ("humo_engine.vae_fast", "_padding")},
    # Swapped while layers stream, and operations and settings without another name; PyTorch is pinned by each image's lock.
    "torch": {
        ("humo_engine.fast", "_dynamo"), ("humo_engine.fast", "_functorch"), ("humo_engine.fast", "_inductor"),
        ("humo_engine.fp8", "_scaled_mm"), ("humo_engine.kernels", "_addmm_activation"), ("humo_engine.streaming", "_buffers"),
        ("humo_engine.streaming", "_parameters"), ("humo_mini.transformer_training", "_dynamo"),
        *(("humo_mini.optimise", f"_foreach_{name}") for name in ("add_", "addcmul_", "div", "lerp_", "mul_", "sqrt")),
    },
    # The kernel with settings that the public function does not pass on; `flash` takes it only where its signature has all of them.
    "flash-attn-4": {("humo_engine.flash", "_flash_attn_fwd")},
    # The mistakes made on purpose, which show what the quality measures see.
    "humo_engine": {("humo_quality.controls", "_given"), ("humo_quality.controls", "_references")},
}  # fmt: skip
# Relied on without an underscore, and as little promised: where huggingface_hub keeps a growing file, which `weights/hub.py` counts and
# `test_weights.py` cuts off; modules of diffusers and transformers that their own documentation does not name.
BOUNDED = ("diffusers", "transformers", "huggingface-hub")


def private_names(tree: ast.Module) -> set[str]:
    """Names with one underscore in front that are taken from something else than `self`, or imported."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls", "os")):
            found.add(node.attr)
        elif isinstance(node, ast.Import):
            found |= {part for alias in node.names for part in alias.name.split(".")}
        elif isinstance(node, ast.ImportFrom):
            found |= {*node.module.split("."), *(alias.name for alias in node.names)}
    return {name for name in found if name.startswith("_") and not name.startswith("__")}


def test_what_other_libraries_do_not_promise_is_named_and_their_versions_are_bounded():
    used = {(module, name) for module, tree in sources().items() for name in private_names(tree)}
    assert used == set().union(*PRIVATE.values())
    project = tomllib.loads((ENGINE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    dependencies = project["dependencies"]
    (flash,) = project["optional-dependencies"]["hopper"]  # not installed without such a card
    assert re.fullmatch(r"flash-attn-4\[cu13\]>=[\w.]+,<[\d.]+", flash)
    for library in BOUNDED:
        (line,) = (line for line in dependencies if line.startswith(f"{library}>="))
        below = re.search(r",<([\d.]+)$", line)
        assert below, f"{line}: private parts of it are used, and nothing keeps a newer one away"
        installed = tuple(int(part) for part in metadata.version(library).split(".")[:2])
        assert installed < tuple(int(part) for part in below[1].split("."))
