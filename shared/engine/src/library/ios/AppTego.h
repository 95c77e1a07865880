/* What this library carries. The symbols are in the code, so that they are there however the framework is built into an app. */

#ifndef APPTEGO_H
#define APPTEGO_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The signed policy: JSON of AppTegoPolicyLength bytes, without a terminating zero. */
extern const uint8_t AppTegoPolicy[];
extern const uint64_t AppTegoPolicyLength;

/* The Ed25519 public key (RFC 8032) that verifies the policy. */
extern const uint8_t AppTegoVerificationKey[32];

/* The identifier of the app that the library is for, with a terminating zero. */
extern const char AppTegoAppIdentifier[];

/* The same for Swift, which imports no arrays of unknown length. */
static inline const uint8_t *AppTegoPolicyBytes(void) {
    return AppTegoPolicy;
}
static inline const char *AppTegoAppIdentifierText(void) {
    return AppTegoAppIdentifier;
}

#ifdef __cplusplus
}
#endif

#endif
