#!/bin/sh
# Runs in its directory; what it leaves in $LEONORE_OUTPUT is the artifact. For another architecture than the node's it
# takes the cross compiler of that name.
set -eu
case $LEONORE_TARGET_ARCH in
  "$(uname -m)") compiler=cc ;;
  armv7) compiler=arm-linux-gnueabihf-gcc ;;
  *) compiler=$LEONORE_TARGET_ARCH-linux-gnu-gcc ;;
esac
mkdir -p "$LEONORE_OUTPUT/bin"
"$compiler" -O2 -static -o "$LEONORE_OUTPUT/bin/uptime-meter" uptime-meter.c
cp start stop "$LEONORE_OUTPUT/bin/"
