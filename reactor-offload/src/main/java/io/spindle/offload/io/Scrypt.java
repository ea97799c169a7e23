// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.GeneralSecurityException;

/** Scrypt (RFC 7914), in the words of the standard. Costs {@code 128 * r * n} bytes of memory. Ends at an interrupt. */
final class Scrypt {

    private static final String PRF = "HmacSHA256";
    private static final int SALSA_WORDS = 16;
    private static final int SALSA_ROUNDS = 4; // double rounds of Salsa20/8

    private final int words; // of a block
    private final int n;
    private final int[] table;
    private final int[] shuffled;

    private Scrypt(int n, int r) {
        this.words = 2 * SALSA_WORDS * r;
        this.n = n;
        this.table = new int[words * n];
        this.shuffled = new int[words];
    }

    /** How many ints the table has. */
    static long tableLength(int n, int r) {
        return 2L * SALSA_WORDS * r * n;
    }

    static byte[] derive(byte[] password, byte[] salt, int n, int r, int p, int keyLength)
            throws GeneralSecurityException, InterruptedException {
        Scrypt scrypt = new Scrypt(n, r);
        byte[] blocks = Pbkdf2.derive(PRF, password, salt, 1, p * scrypt.words * Integer.BYTES);
        for (int i = 0; i < p; i++) {
            scrypt.mix(ByteBuffer.wrap(blocks, i * scrypt.words * Integer.BYTES, scrypt.words * Integer.BYTES)
                    .slice()
                    .order(ByteOrder.LITTLE_ENDIAN));
        }
        return Pbkdf2.derive(PRF, password, blocks, 1, keyLength);
    }

    private void mix(ByteBuffer block) throws InterruptedException {
        int[] x = new int[words];
        block.asIntBuffer().get(x);
        for (int i = 0; i < n; i++) {
            checkInterrupt();
            System.arraycopy(x, 0, table, i * words, words);
            shuffle(x);
        }
        for (int i = 0; i < n; i++) {
            checkInterrupt();
            int row = (x[words - SALSA_WORDS] & (n - 1)) * words;
            for (int j = 0; j < words; j++) {
                x[j] ^= table[row + j];
            }
            shuffle(x);
        }
        block.asIntBuffer().put(x);
    }

    private static void checkInterrupt() throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException("scrypt was interrupted");
        }
    }

    /** BlockMix: the even results first, then the odd. */
    private void shuffle(int[] x) {
        int[] last = new int[SALSA_WORDS];
        System.arraycopy(x, words - SALSA_WORDS, last, 0, SALSA_WORDS);
        for (int i = 0; i < words; i += SALSA_WORDS) {
            for (int j = 0; j < SALSA_WORDS; j++) {
                last[j] ^= x[i + j];
            }
            salsa(last);
            boolean odd = (i / SALSA_WORDS) % 2 == 1;
            System.arraycopy(last, 0, shuffled, odd ? words / 2 + (i - SALSA_WORDS) / 2 : i / 2, SALSA_WORDS);
        }
        System.arraycopy(shuffled, 0, x, 0, words);
    }

    private static void salsa(int[] block) {
        int[] x = block.clone();
        for (int i = 0; i < SALSA_ROUNDS; i++) {
            quarter(x, 0, 4, 8, 12);
            quarter(x, 5, 9, 13, 1);
            quarter(x, 10, 14, 2, 6);
            quarter(x, 15, 3, 7, 11);
            quarter(x, 0, 1, 2, 3);
            quarter(x, 5, 6, 7, 4);
            quarter(x, 10, 11, 8, 9);
            quarter(x, 15, 12, 13, 14);
        }
        for (int i = 0; i < SALSA_WORDS; i++) {
            block[i] += x[i];
        }
    }

    private static void quarter(int[] x, int a, int b, int c, int d) {
        x[b] ^= Integer.rotateLeft(x[a] + x[d], 7);
        x[c] ^= Integer.rotateLeft(x[b] + x[a], 9);
        x[d] ^= Integer.rotateLeft(x[c] + x[b], 13);
        x[a] ^= Integer.rotateLeft(x[d] + x[c], 18);
    }
}
