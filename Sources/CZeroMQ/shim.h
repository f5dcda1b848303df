#ifndef SECTILE_CZEROMQ_SHIM_H
#define SECTILE_CZEROMQ_SHIM_H

#if !__has_include(<zmq.h>)
#error "zmq.h not found: install the ZeroMQ headers (Debian and Ubuntu: apt install libzmq3-dev)"
#endif

#include <zmq.h>

// Every libzmq since 4.3.0 honours this option, but a stable zmq.h hides its number behind
// ZMQ_BUILD_DRAFT_API. Without it a CURVE server whose ZAP handler is missing lets any key in.
#ifndef ZMQ_ZAP_ENFORCE_DOMAIN
#define ZMQ_ZAP_ENFORCE_DOMAIN 93
#endif

#endif
