#pragma once
#include <stddef.h>
#include <stdint.h>

/* libFuzzer as a library: its own main would collide with that of a Swift program. */
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*callback)(const uint8_t *data, size_t size));
