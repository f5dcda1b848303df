#ifndef SECTILE_CSODIUM_SHIM_H
#define SECTILE_CSODIUM_SHIM_H

#include <sodium.h>

#endif
