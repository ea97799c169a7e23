// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.InvalidAlgorithmParameterException;
import java.security.InvalidKeyException;
import java.security.InvalidParameterException;
import java.security.Key;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.AlgorithmParameterSpec;
import java.util.Objects;
import javax.crypto.KeyAgreement;
import javax.crypto.KeyGenerator;
import javax.crypto.SecretKey;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Keys, signatures and primes, computed by the JDK's own providers on the pool that the Reactor {@code Context} holds under
 * {@link io.spindle.offload.BlockingPool}{@code .class}, else on the shared one. Signals on the event loop it was subscribed
 * on, else on the pool's thread. Cancel drops the result; what is being computed goes on, unless said otherwise. Algorithms
 * have the JDK's names. Node analogue: the functions of {@code node:crypto} about keys.
 *
 * @since 0.1.0
 */
public final class Keys {

    private static final int PRIME_CERTAINTY = 128;
    private static final int SMALLEST_PRIME_BITS = 3;

    private Keys() {}

    /**
     * Makes a pair of keys. Node analogue: {@code generateKeyPair}.
     *
     * @param algorithm such as {@code "Ed25519"} or {@code "X25519"}; others take the provider's size
     * @return a cold {@code Mono} of a new pair, never empty
     * @throws IllegalArgumentException if no provider has that algorithm
     */
    public static Mono<KeyPair> generateKeyPair(String algorithm) {
        keyPairGenerator(algorithm);
        return Crypto.call(() -> keyPairGenerator(algorithm).generateKeyPair());
    }

    /**
     * Makes a pair of keys of a size.
     *
     * @param algorithm such as {@code "RSA"} or {@code "DH"}
     * @param bits the size
     * @return a cold {@code Mono} of a new pair, never empty
     * @throws IllegalArgumentException if no provider has that algorithm in that size
     */
    public static Mono<KeyPair> generateKeyPair(String algorithm, int bits) {
        sized(algorithm, bits);
        return Crypto.call(() -> sized(algorithm, bits).generateKeyPair());
    }

    /**
     * Makes a pair of keys with parameters.
     *
     * @param algorithm such as {@code "EC"}
     * @param parameters such as {@code new ECGenParameterSpec("secp256r1")}
     * @return a cold {@code Mono} of a new pair, never empty
     * @throws IllegalArgumentException if no provider has that algorithm with those parameters
     */
    public static Mono<KeyPair> generateKeyPair(String algorithm, AlgorithmParameterSpec parameters) {
        Objects.requireNonNull(parameters, "parameters");
        specified(algorithm, parameters);
        return Crypto.call(() -> specified(algorithm, parameters).generateKeyPair());
    }

    private static KeyPairGenerator keyPairGenerator(String algorithm) {
        try {
            return KeyPairGenerator.getInstance(Objects.requireNonNull(algorithm, "algorithm"));
        } catch (NoSuchAlgorithmException error) {
            throw unknown(algorithm, error);
        }
    }

    private static KeyPairGenerator sized(String algorithm, int bits) {
        KeyPairGenerator generator = keyPairGenerator(algorithm);
        try {
            generator.initialize(bits);
            return generator;
        } catch (InvalidParameterException error) {
            throw new IllegalArgumentException("bits must be a size of " + algorithm + ", was " + bits, error);
        }
    }

    private static KeyPairGenerator specified(String algorithm, AlgorithmParameterSpec parameters) {
        KeyPairGenerator generator = keyPairGenerator(algorithm);
        try {
            generator.initialize(parameters);
            return generator;
        } catch (InvalidAlgorithmParameterException error) {
            throw new IllegalArgumentException("parameters must be some of " + algorithm, error);
        }
    }

    private static IllegalArgumentException unknown(String algorithm, NoSuchAlgorithmException error) {
        return new IllegalArgumentException("algorithm must be one that a provider has, was " + algorithm, error);
    }

    /**
     * Makes a secret key. Node analogue: {@code generateKey}.
     *
     * @param algorithm such as {@code "AES"} or {@code "HmacSHA256"}
     * @param bits the size
     * @return a cold {@code Mono} of a new key, never empty
     * @throws IllegalArgumentException if no provider has that algorithm in that size
     */
    public static Mono<SecretKey> generateKey(String algorithm, int bits) {
        keyGenerator(algorithm, bits);
        return Crypto.call(() -> keyGenerator(algorithm, bits).generateKey());
    }

    private static KeyGenerator keyGenerator(String algorithm, int bits) {
        try {
            KeyGenerator generator = KeyGenerator.getInstance(Objects.requireNonNull(algorithm, "algorithm"));
            generator.init(bits);
            return generator;
        } catch (NoSuchAlgorithmException error) {
            throw unknown(algorithm, error);
        } catch (InvalidParameterException error) {
            throw new IllegalArgumentException("bits must be a size of " + algorithm + ", was " + bits, error);
        }
    }

    /**
     * Signs a stream, chunk by chunk as they come. Node analogues: {@code sign}, {@code createSign}.
     *
     * @param chunks not to be changed before the end; one is taken at a time
     * @param key fits the algorithm
     * @param algorithm such as {@code "Ed25519"} or {@code "SHA256withRSA"}
     * @return a cold {@code Mono} of the signature, never empty
     * @throws IllegalArgumentException if no provider has that algorithm or the key does not fit
     */
    public static Mono<byte[]> sign(Flux<byte[]> chunks, PrivateKey key, String algorithm) {
        signing(algorithm, key);
        Objects.requireNonNull(chunks, "chunks");
        return Mono.defer(() -> {
            Signature signature = signing(algorithm, key);
            return Crypto.feed(chunks, chunk -> update(signature, chunk)).then(Crypto.call(signature::sign));
        });
    }

    /**
     * Tells whether a signature is that of a stream. Node analogues: {@code verify}, {@code createVerify}.
     *
     * @param chunks not to be changed before the end; one is taken at a time
     * @param key fits the algorithm
     * @param algorithm such as {@code "Ed25519"} or {@code "SHA256withRSA"}
     * @param signed the signature; copied at the call
     * @return a cold {@code Mono} of whether it is, never empty; false too if the signature is malformed
     * @throws IllegalArgumentException if no provider has that algorithm or the key does not fit
     */
    public static Mono<Boolean> verify(Flux<byte[]> chunks, PublicKey key, String algorithm, byte[] signed) {
        verifying(algorithm, key);
        Objects.requireNonNull(chunks, "chunks");
        byte[] copy = signed.clone();
        return Mono.defer(() -> {
            Signature signature = verifying(algorithm, key);
            return Crypto.feed(chunks, chunk -> update(signature, chunk))
                    .then(Crypto.call(() -> holds(signature, copy)));
        });
    }

    private static boolean holds(Signature signature, byte[] signed) {
        try {
            return signature.verify(signed);
        } catch (GeneralSecurityException malformed) {
            return false;
        }
    }

    private static void update(Signature signature, byte[] chunk) {
        try {
            signature.update(chunk);
        } catch (GeneralSecurityException error) {
            throw new IllegalStateException("the signature was not initialized", error);
        }
    }

    private static Signature signing(String algorithm, PrivateKey key) {
        try {
            Signature signature = Signature.getInstance(Objects.requireNonNull(algorithm, "algorithm"));
            signature.initSign(Objects.requireNonNull(key, "key"));
            return signature;
        } catch (NoSuchAlgorithmException error) {
            throw unknown(algorithm, error);
        } catch (InvalidKeyException error) {
            throw misfit(key, algorithm, error);
        }
    }

    private static Signature verifying(String algorithm, PublicKey key) {
        try {
            Signature signature = Signature.getInstance(Objects.requireNonNull(algorithm, "algorithm"));
            signature.initVerify(Objects.requireNonNull(key, "key"));
            return signature;
        } catch (NoSuchAlgorithmException error) {
            throw unknown(algorithm, error);
        } catch (InvalidKeyException error) {
            throw misfit(key, algorithm, error);
        }
    }

    private static IllegalArgumentException misfit(Key key, String algorithm, InvalidKeyException error) {
        return new IllegalArgumentException(
                "key must be one for " + algorithm + ", was one for " + key.getAlgorithm(), error);
    }

    /**
     * Agrees on a secret with whoever has the other private key. Node analogue: {@code diffieHellman}.
     *
     * @param own of kind {@code DH}, {@code EC} or {@code XDH}
     * @param theirs of the same kind and parameters
     * @return a cold {@code Mono} of the secret, never empty; errors with {@code InvalidKeyException} if the keys do not
     *     fit each other
     */
    public static Mono<byte[]> diffieHellman(PrivateKey own, PublicKey theirs) {
        Objects.requireNonNull(theirs, "theirs");
        String algorithm = own.getAlgorithm().equals("EC") ? "ECDH" : own.getAlgorithm();
        try {
            KeyAgreement.getInstance(algorithm);
        } catch (NoSuchAlgorithmException error) {
            throw unknown(algorithm, error);
        }
        return Crypto.call(() -> {
            KeyAgreement agreement = KeyAgreement.getInstance(algorithm);
            agreement.init(own);
            agreement.doPhase(theirs, true);
            return agreement.generateSecret();
        });
    }

    /**
     * Makes a random prime, which is one but for a chance of 1 in 2<sup>100</sup>. Node analogue: {@code generatePrime}.
     *
     * @param bits its size, 3 or more
     * @param safe whether half of it, less a half, is to be prime too; that takes very much longer, and cancel ends it between two candidates
     * @return a cold {@code Mono} of a prime, never empty
     */
    public static Mono<BigInteger> generatePrime(int bits, boolean safe) {
        Io.atLeast("bits", SMALLEST_PRIME_BITS, bits);
        return Crypto.call(() -> safe ? safePrime(bits) : BigInteger.probablePrime(bits, Crypto.RANDOM));
    }

    /** Null if it was cancelled. */
    private static @Nullable BigInteger safePrime(int bits) {
        while (!Thread.currentThread().isInterrupted()) {
            BigInteger prime = BigInteger.probablePrime(bits - 1, Crypto.RANDOM)
                    .shiftLeft(1)
                    .setBit(0);
            if (prime.isProbablePrime(PRIME_CERTAINTY)) {
                return prime;
            }
        }
        return null;
    }

    /**
     * Tells whether a number is prime: it is not wrong about a prime, and about others with a chance of 1 in
     * 2<sup>128</sup>. Node analogue: {@code checkPrime}.
     *
     * @param candidate not negative
     * @return a cold {@code Mono} of whether it is, never empty
     */
    public static Mono<Boolean> checkPrime(BigInteger candidate) {
        if (candidate.signum() < 0) {
            throw new IllegalArgumentException("candidate must not be negative, was " + candidate);
        }
        return Crypto.call(() -> candidate.isProbablePrime(PRIME_CERTAINTY));
    }
}
