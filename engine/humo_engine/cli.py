"""The engine's command line: `humo-engine COMMAND`, in the repository `npm run engine -- COMMAND`."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from humo_engine.full_disk import explain_full_disk, is_full_disk
from humo_engine.settings import MODELS, SAMPLERS

if TYPE_CHECKING:
    from humo_engine.weights.events import Tell

# As the worker: what one command fetches is where the other looks.
WEIGHTS = Path(os.environ.get("HUMO_WEIGHTS_DIRECTORY") or "weights")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status. Errors a person can mend are one message, not a trace."""
    # On a CPU shared with others, threads that spin while they wait for each other take the very time they wait for.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read when torch is loaded, which comes later
    options = _parse(arguments)
    try:
        return options.run(options)
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        if (message := _explained(error, options)) is None:
            raise
        print(f"humo-engine: {message}", file=sys.stderr)
        return 1


def _explained(error: Exception, options: argparse.Namespace) -> str | None:
    """What a person can mend, in words; None for an error that nobody foresaw."""
    if is_full_disk(error):
        return explain_full_disk(error, [Path.cwd(), *(value for value in vars(options).values() if isinstance(value, Path))])
    if getattr(error, "code", None) is None and not isinstance(error, (ValueError, OSError)) and not _is_ours(error):
        return None
    return str(error)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The arguments; key=value may stand before, between and after options, of which argparse takes but one group."""
    parser = _parser()
    options, rest = parser.parse_known_args(arguments)
    unknown = [argument for argument in rest if argument.startswith("-") or options.command != "generate"]
    if unknown:
        parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    if rest:
        options.overrides += rest
    return options


def _is_ours(error: Exception) -> bool:
    return type(error).__module__.startswith(("humo_engine.", "humo_quality."))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="humo-engine", description="HuMo in PyTorch: text, images and speech to video.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    serve = commands.add_parser("serve", help="take requests on stdin and give events on stdout, models loaded")
    _add_engine_options(serve)
    serve.add_argument("--model", action="append", choices=(*MODELS, "all"), help="may be given twice; default: 17b")
    serve.set_defaults(run=_serve)

    check = commands.add_parser("check-golden", help="compare the code with recorded data; exits 1 on any miss")
    check.add_argument("folder", type=Path, metavar="DIR")
    check.set_defaults(run=_check_golden)

    generate = commands.add_parser(
        "generate",
        help="make one clip, or those of a case file, as MP4",
        epilog="key=value sets one thing more, such as steps=30, frames=49, scale_a=5.5, width=832 or seed=7",
    )
    _add_engine_options(generate)
    generate.add_argument("--prompt", help="what happens in the clip")
    generate.add_argument("--image", action="append", type=Path, default=[], metavar="FILE", help="up to four times")
    generate.add_argument("--audio", type=Path, metavar="FILE", help="anything that ffmpeg reads")
    generate.add_argument("--cases", type=Path, metavar="FILE", help="several clips, in the form of examples/test_case.json")
    generate.add_argument(
        "--mode", choices=("TIA", "TA", "TI"), help="what a case file's cases use; else it follows from what is given"
    )
    generate.add_argument("--preset", help="a preset of generate.yaml")
    generate.add_argument("--shape", choices=("landscape", "portrait", "square"))
    generate.add_argument("--sampler", choices=SAMPLERS, help="lcm is for step-distilled LoRAs; default: unipc")
    generate.add_argument("--guidance", choices=("full", "audio", "none"), help="passes of a step; default: as the preset")
    generate.add_argument("--vocals", action="store_true", help="listen to the voice alone")
    generate.add_argument("--out", type=Path, metavar="FILE|DIR", help="an .mp4, or a folder with --cases; default: output")
    generate.add_argument("overrides", nargs="*", metavar="key=value")
    generate.set_defaults(run=_generate)

    _add_speech(commands)
    _add_weights(commands)
    _add_memory(commands)
    _add_bench(commands)
    _add_quality(commands)
    _add_mini(commands)
    return parser


def _add_mini(commands: argparse._SubParsersAction) -> None:
    from humo_mini.cli import add_arguments, run

    mini = commands.add_parser("mini", help="the small demonstration model")
    train = mini.add_subparsers(dest="action", required=True, metavar="ACTION").add_parser("train", help="make its weights anew")
    add_arguments(train)
    train.set_defaults(run=run)


def _add_speech(commands: argparse._SubParsersAction) -> None:
    speak = commands.add_parser("speak", help="typed words to a WAV file")
    speak.add_argument("text", nargs="?", help="the words; without them, the voices that are there are listed")
    speak.add_argument("--voice", metavar="NAME", help="default: the first one of the language")
    speak.add_argument("--language", metavar="LANGUAGE", help="en, de, fr, es or ja; default: found from the words")
    speak.add_argument("--out", type=Path, default=Path("speech.wav"), metavar="FILE", help="default: speech.wav")
    speak.set_defaults(run=_speak)
    serve = commands.add_parser("serve-speech", help="speak what comes on stdin, beside the engine; what a worker starts")
    serve.set_defaults(run=_serve_speech)
    for parser in (speak, serve):
        parser.add_argument("--weights", type=Path, default=WEIGHTS, metavar="DIR", help="default: %(default)s")


def _add_weights(commands: argparse._SubParsersAction) -> None:
    weights = commands.add_parser("weights", help="download, verify, convert or pin the official weights")
    actions = weights.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, help_text in (
        ("download", "fetch what is missing; goes on where it stopped (HF_TOKEN is used where set)"),
        ("verify", "read every file and compare its SHA-256"),
        ("convert", "write the fp32 transformer as bf16 beside it, so that later starts read half"),
    ):
        action = actions.add_parser(name, help=help_text)
        action.add_argument("--model", type=_model_name, action="append", metavar="{17b,1.7b}", help="default: both")
        action.add_argument("--weights", type=Path, default=WEIGHTS, metavar="DIR", help="default: %(default)s")
        if name != "convert":
            action.add_argument("--vocals", action="store_true", help="also the model that isolates the voice")
            action.add_argument(
                "--voices",
                action="store_true",
                help="the voices for typed words: alone, unless --model or --vocals is given, too",
            )
            action.add_argument(
                "--lora",
                action="append",
                default=[],
                metavar="NAME",
                help="a LoRA of the lock file, by its name or its file's, such as lightx2v-4step: alone, as above; may be repeated",
            )
        action.add_argument("--json", action="store_true", help="for programs: events on stdout, one JSON object a line")
        action.set_defaults(run=_weights)
    actions.add_parser("pin", help="rewrite the lock file from the hub").set_defaults(run=_weights, json=False)


def _add_memory(commands: argparse._SubParsersAction) -> None:
    memory = commands.add_parser("memory", help="what goes where, before loading")
    plan = memory.add_subparsers(dest="action", required=True, metavar="ACTION").add_parser("plan", help="print the plan")
    plan.add_argument(
        "--model", type=_model_name, action="append", metavar="{17b,1.7b}", help="of one process, in this order; default: both"
    )
    plan.add_argument(
        "--size", type=int, metavar="LINES", help="for clips of this many lines only; default: all that generate.yaml permits"
    )
    plan.add_argument("--limit", type=_gibibytes, metavar="GIB", help="default: as generate.yaml says, or all of this card")
    plan.add_argument("--precision", choices=("bf16", "fp8", "fp32"), help="default: as generate.yaml says")
    plan.add_argument("--config", metavar="FILE", help="generate.yaml; default: the nearest one")
    plan.set_defaults(run=_memory_plan)


def _add_bench(commands: argparse._SubParsersAction) -> None:
    bench = commands.add_parser("bench", help="speed, error and memory on random weights, one JSON line a case")
    bench.add_argument("--model", type=_model_name, action="append", metavar="{17b,1.7b}", help="default: both")
    bench.add_argument("--size", type=int, action="append", metavar="LINES", help="default: all that generate.yaml permits")
    bench.add_argument("--precision", action="append", choices=("bf16", "fp8"), help="default: both")
    bench.add_argument(
        "--case",
        action="append",
        metavar="CASE",
        help="one that engine/BENCHMARKS.md names, such as pass or clip; default: all",
    )
    bench.add_argument(
        "--limit", type=_whole_gibibytes, action="append", metavar="GIB", help="for the case limit; default: 24 and 48"
    )
    bench.add_argument(
        "--budget",
        type=float,
        metavar="SECONDS",
        help="for the cases gpus and clip: after so long, skip what is left; default: none",
    )
    bench.set_defaults(run=_bench)


def _add_quality(commands: argparse._SubParsersAction) -> None:
    quality = commands.add_parser(
        "quality",
        help="how well clips follow their sound, look like their reference and show their prompt; of held-out clips, or of a film",
        epilog="A of --against: default, a preset, a mistake made on purpose (such as audio-late), or key=value,key=value: the keys of --set, "
        "and take, sampler, guidance, gating_text, gating_audio, caching, level (decibels)",
    )
    _add_engine_options(quality)
    quality.set_defaults(profile="mini")
    quality.add_argument(
        "--film", type=Path, metavar="FILE", help="measure how lips and sound of this video agree, and nothing else"
    )
    quality.add_argument("--sheet", type=Path, metavar="PNG", help="with --film: also a contact sheet")
    quality.add_argument("--clips", type=int, default=24, metavar="N", help="default: 24")
    quality.add_argument("--seconds", type=float, metavar="S", help="how long the clips are; default: the usual length")
    quality.add_argument(
        "--take", choices=("one", "shots"), help="of long clips: one continuous take, which is the default, or shots"
    )
    quality.add_argument("--preset", help="a preset of generate.yaml")
    quality.add_argument("--shape", choices=("landscape", "portrait", "square"))
    quality.add_argument(
        "--set", action="append", default=[], metavar="key=value", help="as `generate` takes them; may be repeated"
    )
    quality.add_argument(
        "--against", nargs="+", metavar="A", help="settings against the first of them, clip by clip: which differences are real"
    )
    quality.add_argument(
        "--controls", action="store_true", help="mistakes made on purpose, one after the other, and what names each"
    )
    quality.add_argument("--full-steps", type=int, metavar="N", help="also with so many steps, and the distance to that")
    quality.add_argument("--bars", action="store_true", help="what mini has to reach; exits 1 if something does not hold")
    quality.add_argument(
        "--keep",
        type=Path,
        metavar="DIR",
        help="keep the clips there, and take those that are; for one state of code and weights",
    )
    quality.add_argument("--report", type=Path, metavar="DIR", help="write a page with pictures, and all numbers")
    quality.add_argument("--json", action="store_true", help="for programs")
    quality.add_argument("--sampler", choices=SAMPLERS, help="default: unipc")
    quality.add_argument("--guidance", choices=("full", "audio", "none"), help="passes of a step; default: full")
    quality.set_defaults(run=_quality, vocals=False)


def _model_name(text: str) -> str:
    name = text.lower().replace(".", "_")
    if name not in MODELS:
        raise argparse.ArgumentTypeError(f"{text!r} is not 17b or 1.7b")
    return name


def _gibibytes(text: str) -> float:
    with contextlib.suppress(ValueError):
        if 0 < float(text) < float("inf"):
            return float(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a number of GiB above 0")


def _whole_gibibytes(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of GiB above 0")
    return int(text)


def _add_engine_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--profile",
        default=os.environ.get("HUMO_PROFILE") or "official",
        help="a profile of generate.yaml: official, mini, or tiny; default: HUMO_PROFILE, or official",
    )
    parser.add_argument("--config", metavar="FILE", help="generate.yaml; default: the nearest one")
    parser.add_argument("--weights", type=Path, default=WEIGHTS, metavar="DIR", help="default: %(default)s")
    parser.add_argument("--precision", choices=("bf16", "fp8", "fp32"), help="default: as generate.yaml says")
    parser.add_argument("--memory-limit", type=_gibibytes, metavar="GIB", help="of this process; default: as generate.yaml says")
    parser.add_argument(
        "--lora", action="append", default=[], metavar="FILE[=STRENGTH]", help="add it to the weights; may be repeated"
    )
    parser.add_argument(
        "--gpus", metavar="N|all", help="GPUs of this machine that make each clip together; default: HUMO_GPUS, or 1"
    )
    parser.add_argument("--device", help="such as cuda:0 or cpu; default: the first GPU, if there is one")


def _serve(options: argparse.Namespace) -> int:
    from humo_engine.serve import serve

    def load():
        from humo_engine.load import choose_device, effective_settings, gpus_of, load_pipelines, loras_of

        settings = effective_settings(options.config, options.profile, options.precision, options.memory_limit)
        chosen = options.model or ["17b"]
        models = list(MODELS) if "all" in chosen else list(dict.fromkeys(chosen))
        device = choose_device(options.device)
        gpus = gpus_of(options, device)
        return load_pipelines(settings, models, options.weights, device, loras_of(options), gpus, switching=True), settings

    return serve(load)


def _speak(options: argparse.Namespace) -> int:
    from humo_engine.speech.synthesizer import Synthesizer

    speaker = Synthesizer(options.weights)
    if options.text is None:
        for voice in speaker.voices:
            print(f"{voice.name:10} {voice.language}-{voice.region}  {voice.kind:6} {voice.licence}")
        return 0
    speech = speaker.speak(options.text, options.voice, options.language)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    speech.write(options.out)
    print(f"{options.out}: {speech.seconds:.2f} s, {speech.voice.name} ({speech.language})")
    return 0


def _serve_speech(options: argparse.Namespace) -> int:
    from humo_engine.serve_output import claim_stdout
    from humo_engine.speech.serve import serve_speech

    events = claim_stdout()
    sys.stdin.reconfigure(encoding="utf-8", errors="replace")
    serve_speech(options.weights, sys.stdin, events)
    return 0


def _check_golden(options: argparse.Namespace) -> int:
    from humo_engine.golden import check, format_table

    rows = check(options.folder)
    print(format_table(rows))
    return 0 if all(row.passed for row in rows) else 1


def _generate(options: argparse.Namespace) -> int:
    from humo_engine.generate import generate

    return generate(options)


def _weights(options: argparse.Namespace) -> int:
    from humo_engine.weights.events import Failed, as_line, tell_people

    if not options.json:
        return _weights_action(options, tell_people)
    from humo_engine.serve_output import claim_stdout

    events = claim_stdout()

    def tell(event) -> None:
        print(as_line(event), file=events)

    try:
        return _weights_action(options, tell)
    except Exception as error:
        if (message := _explained(error, options)) is None:
            raise
        tell(Failed(message))
        return 1


def _weights_action(options: argparse.Namespace, tell: Tell) -> int:
    from humo_engine.weights.download import download
    from humo_engine.weights.lock import lora_named
    from humo_engine.weights.pin import pin
    from humo_engine.weights.verify import verify

    if options.action == "pin":
        pin()
        return 0
    models = options.model or list(MODELS)
    if options.action == "convert":
        from humo_engine.weights.convert import convert  # PyTorch, which none of the others needs
        from humo_engine.weights.events import Converted
        from humo_engine.weights.pickles import require_pickles

        for model in models:
            require_pickles(options.weights, model)
            tell(Converted(str(convert(options.weights, model, tell))))
        return 0
    loras = [lora_named(name) for name in options.lora]
    if (options.voices or loras) and not options.model and not options.vocals:
        models = []
    wanted = [*models, *loras, *(["vocals"] if options.vocals else []), *(["voices"] if options.voices else [])]
    if options.action == "verify":
        return 0 if verify(options.weights, wanted, tell=tell) else 1
    download(options.weights, wanted, tell=tell)
    return 0


def _memory_plan(options: argparse.Namespace) -> int:
    from humo_engine.load import bytes_allowed, choose_device, effective_settings
    from humo_engine.memory.demand import Extent, demand_for
    from humo_engine.memory.description import describe
    from humo_engine.memory.plan import make_plan, plan_for

    settings = effective_settings(options.config, "official", options.precision, options.limit)
    models = list(dict.fromkeys(options.model or MODELS))
    limit = bytes_allowed(settings, choose_device())
    if options.size is None:
        plan = plan_for(settings, models, limit)
    else:
        extent = Extent(*settings.size(options.size), settings.frames.default)
        plan = make_plan(demand_for(models, extent, settings.precision), limit)
    together = " and ".join(model.replace("_", ".") for model in models)
    print(f"HuMo {together}, {settings.precision}" + (", in one process" if len(models) > 1 else ""))
    print("\n".join(describe(plan)))
    return 0


def _quality(options: argparse.Namespace) -> int:
    from humo_quality.cli import quality

    return quality(options)


def _bench(options: argparse.Namespace) -> int:
    from humo_engine.bench.registry import CASES
    from humo_engine.bench.run import LIMITS_GIB, run_bench

    good = run_bench(
        options.model or MODELS, options.size, options.precision or ("bf16", "fp8"), options.case or CASES,
        options.limit or LIMITS_GIB, write=lambda line: print(line, flush=True), budget=options.budget,
    )  # fmt: skip
    return 0 if good else 1
