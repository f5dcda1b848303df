#ifndef SECTILE_CGDAL_SHIM_H
#define SECTILE_CGDAL_SHIM_H

// Debian keeps the headers in /usr/include/gdal, Homebrew and source builds beside the others.
#if __has_include(<gdal/gdal.h>)
#include <gdal/cpl_conv.h>
#include <gdal/cpl_error.h>
#include <gdal/cpl_string.h>
#include <gdal/cpl_vsi.h>
#include <gdal/gdal.h>
#include <gdal/ogr_api.h>
#include <gdal/ogr_srs_api.h>
#elif __has_include(<gdal.h>)
#include <cpl_conv.h>
#include <cpl_error.h>
#include <cpl_string.h>
#include <cpl_vsi.h>
#include <gdal.h>
#include <ogr_api.h>
#include <ogr_srs_api.h>
#else
#error "gdal.h not found: install the GDAL headers (Debian and Ubuntu: apt install libgdal-dev)"
#endif

#include <sys/stat.h>

_Static_assert(sizeof(void *) == 8, "struct stat and struct stat64 are the same only on 64 bits");

// VSIStatExL fills a struct stat64, which the C library declares only for sources that ask for it
// before any other header: to Swift the type is incomplete. On 64 bits struct stat is the same.
static inline int sectile_vsi_stat(const char *path, struct stat *status)
{
    int flags = VSI_STAT_EXISTS_FLAG | VSI_STAT_SIZE_FLAG | VSI_STAT_NATURE_FLAG;
    return VSIStatExL(path, (VSIStatBufL *)status, flags);
}

#endif
