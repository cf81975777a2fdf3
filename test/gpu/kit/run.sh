#!/bin/sh
# Runs the test on a GPU out of the kit, with all arguments of `npm run test:gpu`. The report of all calls lies in the kit's results, and a copy in OUT where that is set.
set -eu
kit=$(cd "$(dirname "$0")" && pwd)
# CUDA's libraries that pip put beside PyTorch, where python3 has one.
nvidia=$(python3 -c 'import glob, os, sys
print(":".join(folder for path in sys.path for folder in glob.glob(os.path.join(path, "nvidia", "*", "lib"))))' 2>/dev/null || true)
TRAINYARD_CUDA_LIBRARIES=${TRAINYARD_CUDA_LIBRARIES:-$nvidia}
TRAINYARD_HOME=${TRAINYARD_HOME:-$kit/home}
export TRAINYARD_CUDA_LIBRARIES TRAINYARD_HOME
mkdir -p "$TRAINYARD_HOME"
exec "$kit/bin/node" --no-warnings "$kit/app/gpu/main.mjs" \
  --runtime "$kit/app/node_modules/onnxruntime-node/bin/napi-v6/linux/x64" --out "$kit/results" --add --copy "${OUT:-$kit/results}" "$@"
