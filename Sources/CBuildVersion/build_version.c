#include "build_version.h"

#ifndef SECTILE_DESCRIBE
#define SECTILE_DESCRIBE "unknown"
#endif

const char *sectile_build_version(void) { return SECTILE_DESCRIBE; }
