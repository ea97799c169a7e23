// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

import io.spindle.offload.BlockingPool;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import javax.crypto.Mac;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Slow cryptography on a {@link BlockingPool}, computed by the JDK's own providers. Node analogue: the functions of
 * {@code node:crypto} that take a callback.
 *
 * @since 0.1.0
 */
public final class Crypto {

    private static final int MAX_HKDF_BLOCKS = 255;
    private static final int MAX_SCRYPT_TABLE = Integer.MAX_VALUE / Integer.BYTES;
    static final SecureRandom RANDOM = new SecureRandom();

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
     * Fills a buffer with random bytes fit for keys. It runs on the pool that the Reactor {@code Context} holds under
     * {@code BlockingPool.class}, else on {@link BlockingPool#shared()}. Node analogue: {@code crypto.randomFill}.
     *
     * @param target filled from its position to its limit, which stay; not to be touched before the end
     * @return a cold {@code Mono} of {@code target}, never empty
     */
    public static Mono<ByteBuffer> randomFill(ByteBuffer target) {
        Objects.requireNonNull(target, "target");
        return call(() -> {
            byte[] bytes = new byte[target.remaining()];
            RANDOM.nextBytes(bytes);
            target.duplicate().put(bytes);
            return target;
        });
    }

    /**
     * Tells whether two secrets are equal, at once, in a time that does not say where they differ. Node analogue:
     * {@code crypto.timingSafeEqual}.
     *
     * @param a one
     * @param b the other, of the same length
     * @throws IllegalArgumentException if their lengths differ
     */
    public static boolean timingSafeEqual(byte[] a, byte[] b) {
        if (a.length != b.length) {
            throw new IllegalArgumentException(
                    "a and b must be of one length, were " + a.length + " and " + b.length + " bytes");
        }
        return MessageDigest.isEqual(a, b);
    }

    /**
     * Computes the digest of a stream, chunk by chunk as they come: with {@code Files.readChunks(path)}, of a file of any
     * size. It runs on the pool that the Reactor {@code Context} holds under {@code BlockingPool.class}, else on
     * {@link BlockingPool#shared()}. Node analogue: {@code crypto.createHash} on a stream.
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
            return feed(chunks, digest::update).then(Mono.fromCallable(digest::digest));
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

    /**
     * Computes the HMAC of a stream, chunk by chunk as they come. It runs on the pool that the Reactor {@code Context}
     * holds under {@code BlockingPool.class}, else on {@link BlockingPool#shared()}; so do the methods below. Node
     * analogue: {@code crypto.createHmac} on a stream.
     *
     * @param chunks not to be changed before the end; one is taken at a time
     * @param key may be empty; copied at the call
     * @param digest as for {@link #pbkdf2(byte[], byte[], int, int, String, BlockingPool)}
     * @return a cold {@code Mono} of the code, never empty
     * @throws IllegalArgumentException if the digest is not known
     */
    public static Mono<byte[]> hmac(Flux<byte[]> chunks, byte[] key, String digest) {
        Objects.requireNonNull(chunks, "chunks");
        String algorithm = Pbkdf2.algorithm(Objects.requireNonNull(digest, "digest"));
        byte[] keyCopy = key.clone();
        return Mono.defer(() -> {
            Mac mac = mac(algorithm, keyCopy);
            return feed(chunks, mac::update).then(Mono.fromCallable(mac::doFinal));
        });
    }

    private static Mac mac(String algorithm, byte[] key) {
        try {
            return Pbkdf2.mac(algorithm, key);
        } catch (GeneralSecurityException error) {
            throw new IllegalArgumentException("digest must be one that a provider has, was " + algorithm, error);
        }
    }

    /**
     * Derives a key from a key by HKDF (RFC 5869). Node analogue: {@code crypto.hkdf}.
     *
     * @param key the secret; copied at the call
     * @param salt may be empty; copied at the call
     * @param info what the result is for, may be empty; copied at the call
     * @param length of the result in bytes, 0 to 255 times the length of the digest
     * @param digest as for {@link #pbkdf2(byte[], byte[], int, int, String, BlockingPool)}
     * @return a cold {@code Mono} of the key, a new array; never empty
     * @throws IllegalArgumentException if the length is out of range or the digest is not known
     */
    public static Mono<byte[]> hkdf(byte[] key, byte[] salt, byte[] info, int length, String digest) {
        String algorithm = Pbkdf2.algorithm(Objects.requireNonNull(digest, "digest"));
        byte[] keyCopy = key.clone();
        byte[] saltCopy = salt.clone();
        byte[] infoCopy = info.clone();
        int most = MAX_HKDF_BLOCKS * mac(algorithm, keyCopy).getMacLength();
        if (length < 0 || length > most) {
            throw new IllegalArgumentException("length must be 0 to " + most + ", was " + length);
        }
        return call(() -> Pbkdf2.expand(algorithm, keyCopy, saltCopy, infoCopy, length));
    }

    /**
     * Derives a key from a password by scrypt (RFC 7914), which needs memory: {@code 128 * n * r} bytes of the heap
     * during the run. Node analogue: {@code crypto.scrypt}, whose defaults are {@code n} 16384, {@code r} 8 and {@code p}
     * 1. Cancel stops the computation at its next step.
     *
     * @param password may be empty; copied at the call
     * @param salt should be random and 16 bytes or more; copied at the call
     * @param n the cost, a power of two, 2 or more
     * @param r the size of a block, 1 or more
     * @param p how many times, 1 or more
     * @param keyLength in bytes, not negative
     * @return a cold {@code Mono} of the key, a new array; never empty
     * @throws IllegalArgumentException if a number is out of range or the memory would be over 2 GB
     */
    public static Mono<byte[]> scrypt(byte[] password, byte[] salt, int n, int r, int p, int keyLength) {
        if (n < 2 || Integer.bitCount(n) != 1) {
            throw new IllegalArgumentException("n must be a power of two and 2 or more, was " + n);
        }
        Io.atLeast("r", 1, r);
        Io.atLeast("p", 1, p);
        Io.notNegative("keyLength", keyLength);
        if (Scrypt.tableLength(n, r) > MAX_SCRYPT_TABLE || Scrypt.tableLength(p, r) > MAX_SCRYPT_TABLE) {
            throw new IllegalArgumentException(
                    "128 * n * r and 128 * p * r must not be over 2 GB, n, r and p were " + n + ", " + r + ", " + p);
        }
        byte[] passwordCopy = password.clone();
        byte[] saltCopy = salt.clone();
        return call(() -> Scrypt.derive(passwordCopy, saltCopy, n, r, p, keyLength));
    }

    /**
     * Makes a random number, each as likely as the others. Node analogue: {@code crypto.randomInt}.
     *
     * @param min the least
     * @param max more than any, more than {@code min}
     * @return a cold {@code Mono} of a number, never empty
     */
    public static Mono<Long> randomInt(long min, long max) {
        if (min >= max) {
            throw new IllegalArgumentException("max must be more than min, which is " + min + ", was " + max);
        }
        return call(() -> RANDOM.nextLong(min, max));
    }

    /**
     * Makes a random UUID (version 4). Node analogue: {@code crypto.randomUUID}.
     *
     * @return a cold {@code Mono} of a new one, never empty
     */
    public static Mono<UUID> randomUUID() {
        return call(UUID::randomUUID);
    }

    /** Gives each chunk to {@code sink} on the pool, one after the other. */
    static Mono<Void> feed(Flux<byte[]> chunks, Consumer<byte[]> sink) {
        return Mono.deferContextual(context -> chunks.transform(Io.pool(context)
                        .map(
                                chunk -> {
                                    sink.accept(chunk);
                                    return chunk.length;
                                },
                                1))
                .then());
    }

    static <T> Mono<T> call(Callable<? extends @Nullable T> task) {
        return Mono.deferContextual(context -> Io.pool(context).call(task));
    }
}
