#!/usr/bin/env bash
# Text + audio → video with the parameters of generate.yaml, for each case of a file in the form of examples/test_case.json.
#
#   scripts/infer_ta.sh                                    the cases of examples/test_case.json
#   scripts/infer_ta.sh --cases FILE --out DIR frames=49 generation.scale_a=4.5 steps=30
#   scripts/infer_ta.sh --profile mini                     a small model, no download, no GPU
#
# Every option of `humo-engine generate` works, and key=value overrides by upstream's names or their last part.
HUMO_MODE=TA exec "$(dirname "${BASH_SOURCE[0]}")/infer.sh" "$@"
