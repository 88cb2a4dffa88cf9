#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make_numbers.py SEED COUNT: numbers to factor, one a line, for ums-demo.

Their sizes are 16 to 62 bits, larger ones more often. Half of them are products of two primes of
half the size, which are the hardest to factor; a quarter is prime, a quarter any number.
The same seed gives the same numbers.
"""

import random
import sys

BITS_MIN, BITS_MAX = 16, 62
BASES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)


def is_prime(n):
    for p in BASES:
        if n % p == 0:
            return n == p
    d = n - 1
    twos = (d & -d).bit_length() - 1
    for base in BASES:
        x = pow(base, d >> twos, n)
        if x != 1 and not any(pow(x, 1 << i, n) == n - 1 for i in range(twos)):
            return False
    return True


def number(rng, bits):
    return rng.getrandbits(bits - 1) | 1 << (bits - 1)


def prime(rng, bits):
    while True:
        n = number(rng, bits) | 1
        if is_prime(n):
            return n


def semiprime(rng, bits):
    while True:
        n = prime(rng, bits // 2) * prime(rng, bits - bits // 2)
        if n.bit_length() == bits:
            return n


def main():
    seed, count = int(sys.argv[1]), int(sys.argv[2])
    rng = random.Random(seed)
    print(f"# made by: make_numbers.py {seed} {count}")
    for _ in range(count):
        make = rng.choice((number, semiprime, semiprime, prime))
        print(make(rng, max(rng.randint(BITS_MIN, BITS_MAX), rng.randint(BITS_MIN, BITS_MAX))))


main()
