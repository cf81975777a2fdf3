/** Where the host puts what the kernel needs, and the kernel what it found. Offsets in bytes; ../kernel.ts has the same. */

/** 10^0 to 10^7 as u64. */
export const tensAt: usize = 1024;
/** 10^0 to 10^22 as float64, all exact. */
export const exactPowersAt: usize = 1152;
/** The upper 128 bits of powers of five, the higher half first, for 10^-342 to 10^308. */
export const powersOfFiveAt: usize = 1536;
export const smallestPower: i32 = -342;
export const mostPower: i32 = 308;
