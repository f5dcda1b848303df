#ifndef SECTILE_CINSTRUCTIONSET_H
#define SECTILE_CINSTRUCTIONSET_H

#include <stdint.h>

// Highest x86-64 psABI level that both the processor and the operating system offer:
// 1 baseline, 3 AVX2 + FMA + BMI, 4 AVX-512 F/BW/CD/DQ/VL. 0 on any other architecture.
// Level 2 is reported as 1: no kernels are built for it.
//
// cpuid alone is not enough. The wide registers are usable only when the operating system
// saves them on a context switch, which XGETBV tells (Intel SDM vol. 1, 13.3 and 15.2).
#if defined(__x86_64__)
#include <cpuid.h>

static inline uint64_t sectile_extended_control_register(void) {
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return ((uint64_t)high << 32) | low;
}

static inline int sectile_x86_level(void) {
    uint32_t eax, ebx, ecx, edx;
    if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx)) return 1;
    const uint32_t fma = 1u << 12, movbe = 1u << 22, osxsave = 1u << 27;
    const uint32_t avx = 1u << 28, f16c = 1u << 29;
    const uint32_t needed1 = fma | movbe | osxsave | avx | f16c;
    if ((ecx & needed1) != needed1) return 1;
    const uint64_t saved = sectile_extended_control_register();
    if ((saved & 0x6) != 0x6) return 1;  // XMM and YMM state

    if (!__get_cpuid(0x80000001, &eax, &ebx, &ecx, &edx)) return 1;
    if (!(ecx & (1u << 5))) return 1;  // LZCNT

    if (!__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx)) return 1;
    const uint32_t bmi1 = 1u << 3, avx2 = 1u << 5, bmi2 = 1u << 8;
    const uint32_t needed3 = bmi1 | avx2 | bmi2;
    if ((ebx & needed3) != needed3) return 1;

    const uint32_t f = 1u << 16, dq = 1u << 17, cd = 1u << 28, bw = 1u << 30, vl = 1u << 31;
    const uint32_t needed4 = f | dq | cd | bw | vl;
    // Opmask, the upper halves of ZMM0-15, and ZMM16-31.
    if ((ebx & needed4) == needed4 && (saved & 0xE0) == 0xE0) return 4;
    return 3;
}
#else
static inline int sectile_x86_level(void) { return 0; }
#endif

#endif
