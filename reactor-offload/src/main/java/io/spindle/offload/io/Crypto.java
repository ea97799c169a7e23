// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

import io.spindle.offload.BlockingPool;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Objects;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Slow cryptography on a {@link BlockingPool}, computed by the JDK's own providers. Node analogue: the functions of
 * {@code node:crypto} that take a callback.
 *
 * @since 0.1.0
 */
public final class Crypto {

    private static final SecureRandom RANDOM = new SecureRandom();

    private Crypto() {}

    /**
     * Makes random bytes fit for keys, on {@link BlockingPool#shared()}. Node analogue: {@code crypto.randomBytes}.
     *
     * @param length in bytes, not negative
     * @return a cold {@code Mono} of a new array, never empty
     */
    public static Mono<byte[]> randomBytes(int length) {
        if (length < 0) {
            throw new IllegalArgumentException("length must not be negative, was " + length);
        }
        return BlockingPool.shared().call(() -> {
            byte[] bytes = new byte[length];
            RANDOM.nextBytes(bytes);
            return bytes;
        });
    }

    /**
     * Computes the digest of a stream, chunk by chunk as they come, on {@link BlockingPool#shared()}: with
     * {@code Files.readChunks(path)}, of a file of any size. Node analogue: {@code crypto.createHash} on a stream.
     *
     * @param chunks not to be changed before the end; one is taken at a time
     * @param algorithm as the JDK names it, such as {@code "SHA-256"}
     * @return a cold {@code Mono} of the digest, never empty
     * @throws IllegalArgumentException if no provider has that algorithm
     */
    public static Mono<byte[]> hash(Flux<byte[]> chunks, String algorithm) {
        digest(algorithm);
        return Mono.defer(() -> {
            MessageDigest digest = digest(algorithm);
            return chunks.transform(BlockingPool.shared()
                            .map(
                                    chunk -> {
                                        digest.update(chunk);
                                        return chunk.length;
                                    },
                                    1))
                    .then(Mono.fromCallable(digest::digest));
        });
    }

    private static MessageDigest digest(String algorithm) {
        try {
            return MessageDigest.getInstance(Objects.requireNonNull(algorithm, "algorithm"));
        } catch (NoSuchAlgorithmException error) {
            throw new IllegalArgumentException("algorithm must be one that a provider has, was " + algorithm, error);
        }
    }

    /**
     * Derives a key from a password, on {@link BlockingPool#shared()}. The same as
     * {@link #pbkdf2(byte[], byte[], int, int, String, BlockingPool)} with the password's UTF-8 bytes.
     *
     * @param password may be empty
     * @param salt may be empty, should be random and 16 bytes or more
     * @param iterations 1 or more; the more, the slower for you and for who guesses
     * @param keyLength in bytes, not negative
     * @param digest as for the method named above
     * @return a cold {@code Mono} of the key, never empty
     */
    public static Mono<byte[]> pbkdf2(String password, byte[] salt, int iterations, int keyLength, String digest) {
        return pbkdf2(password.getBytes(StandardCharsets.UTF_8), salt, iterations, keyLength, digest);
    }

    /**
     * The same as {@link #pbkdf2(byte[], byte[], int, int, String, BlockingPool)} on {@link BlockingPool#shared()}.
     *
     * @param password may be empty
     * @param salt may be empty, should be random and 16 bytes or more
     * @param iterations 1 or more
     * @param keyLength in bytes, not negative
     * @param digest as for the method named above
     * @return a cold {@code Mono} of the key, never empty
     */
    public static Mono<byte[]> pbkdf2(byte[] password, byte[] salt, int iterations, int keyLength, String digest) {
        return pbkdf2(password, salt, iterations, keyLength, digest, BlockingPool.shared());
    }

    /**
     * Derives a key from a password by PBKDF2 (RFC 8018) with an HMAC. Node analogue: {@code crypto.pbkdf2}, with the
     * same checks at the call.
     * <ul>
     *   <li><b>Signals on</b> the event loop it was subscribed on, else on the pool's thread.
     *   <li><b>Cancel</b> stops the computation within a thousand iterations.
     * </ul>
     *
     * @param password may be empty; copied at the call
     * @param salt may be empty, should be random and 16 bytes or more; copied at the call
     * @param iterations 1 or more
     * @param keyLength in bytes, not negative
     * @param digest in any case: {@code md5}, {@code sha1}, {@code sha224}, {@code sha256}, {@code sha384},
     *     {@code sha512}, {@code sha512-224}, {@code sha512-256}, {@code sha3-224}, {@code sha3-256},
     *     {@code sha3-384} or {@code sha3-512}
     * @param pool computes
     * @return a cold {@code Mono} of the key, a new array; never empty
     * @throws IllegalArgumentException if a number is out of range or the digest is not known
     */
    public static Mono<byte[]> pbkdf2(
            byte[] password, byte[] salt, int iterations, int keyLength, String digest, BlockingPool pool) {
        if (iterations < 1) {
            throw new IllegalArgumentException("iterations must be 1 or more, was " + iterations);
        }
        if (keyLength < 0) {
            throw new IllegalArgumentException("keyLength must not be negative, was " + keyLength);
        }
        String algorithm = Pbkdf2.algorithm(Objects.requireNonNull(digest, "digest"));
        byte[] passwordCopy = password.clone();
        byte[] saltCopy = salt.clone();
        return pool.call(() -> Pbkdf2.derive(algorithm, passwordCopy, saltCopy, iterations, keyLength));
    }
}
