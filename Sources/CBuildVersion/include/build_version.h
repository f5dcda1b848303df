#ifndef SECTILE_BUILD_VERSION_H
#define SECTILE_BUILD_VERSION_H

// The commit, or tag, that the manifest saw when it was evaluated; "unknown" outside a repository.
const char *sectile_build_version(void);

#endif
