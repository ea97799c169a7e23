// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

import java.security.GeneralSecurityException;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import javax.crypto.Mac;
import javax.crypto.SecretKey;
import org.jspecify.annotations.Nullable;

/**
 * PBKDF2 over the JDK's HMAC. Not the JDK's {@code SecretKeyFactory}: that takes no password that is not text, no empty
 * salt, and cannot be interrupted. The speed is the same, it is that of the digest.
 */
final class Pbkdf2 {

    private static final int INTERRUPT_MASK = 1023;

    private static final Map<String, String> ALGORITHMS = Map.ofEntries(
            Map.entry("md5", "HmacMD5"),
            Map.entry("sha1", "HmacSHA1"),
            Map.entry("sha224", "HmacSHA224"),
            Map.entry("sha256", "HmacSHA256"),
            Map.entry("sha384", "HmacSHA384"),
            Map.entry("sha512", "HmacSHA512"),
            Map.entry("sha512-224", "HmacSHA512/224"),
            Map.entry("sha512-256", "HmacSHA512/256"),
            Map.entry("sha3-224", "HmacSHA3-224"),
            Map.entry("sha3-256", "HmacSHA3-256"),
            Map.entry("sha3-384", "HmacSHA3-384"),
            Map.entry("sha3-512", "HmacSHA3-512"));

    private Pbkdf2() {}

    static String algorithm(String digest) {
        String name = digest.toLowerCase(Locale.ROOT).replaceFirst("^sha-(?=\\d)", "sha");
        @Nullable String algorithm = ALGORITHMS.get(name);
        if (algorithm == null) {
            throw new IllegalArgumentException(
                    "digest must be one of " + new TreeSet<>(ALGORITHMS.keySet()) + ", was " + digest);
        }
        return algorithm;
    }

    static byte[] derive(String algorithm, byte[] password, byte[] salt, int iterations, int keyLength)
            throws GeneralSecurityException, InterruptedException {
        Mac mac = mac(algorithm, password);
        byte[] key = new byte[keyLength];
        int digestLength = mac.getMacLength();
        int position = 0;
        for (int block = 1; position < keyLength; block++) {
            byte[] bytes = block(mac, salt, iterations, block);
            int length = Math.min(digestLength, keyLength - position);
            System.arraycopy(bytes, 0, key, position, length);
            position += length;
        }
        return key;
    }

    /** An HMAC with a key that may be empty. */
    static Mac mac(String algorithm, byte[] key) throws GeneralSecurityException {
        Mac mac = Mac.getInstance(algorithm);
        mac.init(new PasswordKey(algorithm, key));
        return mac;
    }

    /** HKDF (RFC 5869). */
    static byte[] expand(String algorithm, byte[] key, byte[] salt, byte[] info, int length)
            throws GeneralSecurityException {
        Mac extract = mac(algorithm, salt);
        Mac mac = mac(algorithm, extract.doFinal(key));
        byte[] result = new byte[length];
        byte[] block = {};
        for (int position = 0, number = 1; position < length; position += block.length, number++) {
            mac.update(block);
            mac.update(info);
            block = mac.doFinal(new byte[] {(byte) number});
            System.arraycopy(block, 0, result, position, Math.min(block.length, length - position));
        }
        return result;
    }

    private static byte[] block(Mac mac, byte[] salt, int iterations, int number)
            throws GeneralSecurityException, InterruptedException {
        mac.update(salt);
        mac.update(new byte[] {(byte) (number >>> 24), (byte) (number >>> 16), (byte) (number >>> 8), (byte) number});
        byte[] last = mac.doFinal();
        byte[] sum = last.clone();
        for (int i = 1; i < iterations; i++) {
            mac.update(last);
            mac.doFinal(last, 0);
            for (int j = 0; j < sum.length; j++) {
                sum[j] ^= last[j];
            }
            if ((i & INTERRUPT_MASK) == 0 && Thread.interrupted()) {
                throw new InterruptedException("pbkdf2 was interrupted after " + i + " iterations");
            }
        }
        return sum;
    }

    /** The JDK's {@code SecretKeySpec} refuses an empty key. */
    private static final class PasswordKey implements SecretKey {

        private final String algorithm;
        private final transient byte[] password;

        PasswordKey(String algorithm, byte[] password) {
            this.algorithm = algorithm;
            this.password = password;
        }

        @Override
        public String getAlgorithm() {
            return algorithm;
        }

        @Override
        public String getFormat() {
            return "RAW";
        }

        @Override
        public byte[] getEncoded() {
            return password.clone();
        }
    }
}
