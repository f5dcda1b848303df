#ifndef SECTILE_CCAIRO_SHIM_H
#define SECTILE_CCAIRO_SHIM_H

#if __has_include(<cairo/cairo.h>)
#include <cairo/cairo.h>
#else
#include <cairo.h>
#endif

#endif
