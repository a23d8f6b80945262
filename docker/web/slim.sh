#!/bin/sh
# Makes the page's Python environment smaller by what nothing loads at run time:
#
#     slim.sh ENVIRONMENT
#
# Needs strip (binutils). At the end what the page stands on has to load. docs/decisions/0095 says what was left in, and why.
set -eu
python=$1/bin/python
cd "$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"

# The packages' own tests; and Gradio's pages for rendering on a server with Node, which this page turns off and the image has no Node for.
find . -type d -name tests -prune -exec rm -rf {} +
rm -rf gradio/templates/node
# Symbols and debug tables. Not of OpenCV and NumPy, which have next to none.
strip --strip-unneeded uvloop/*.so hf_xet/*.so _brotli.*.so

"$python" -c 'import brotli, cv2, gradio, hf_xet, pandas, uvicorn, uvloop'
