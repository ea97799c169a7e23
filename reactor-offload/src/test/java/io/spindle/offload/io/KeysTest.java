// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.spindle.loop.EventLoop;
import io.spindle.offload.BlockingPool;
import io.spindle.offload.BlockingPoolSpec;
import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Spin;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.security.KeyPair;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.util.context.Context;

@ExtendWith(LeakCheck.class)
class KeysTest {

    private static final Duration LONG = Duration.ofSeconds(50);

    private static <T> T get(Mono<T> mono) {
        return mono.blockOptional(LONG).orElseThrow();
    }

    private static Flux<byte[]> chunks(String... texts) {
        return Flux.just(texts).map(text -> text.getBytes(UTF_8));
    }

    @ParameterizedTest
    @CsvSource({"Ed25519, 0, Ed25519", "RSA, 2048, SHA256withRSA", "EC, 256, SHA256withECDSA"})
    void whatIsSignedIsVerifiedAndNothingElseIs(String algorithm, int bits, String signature) {
        KeyPair pair = get(bits == 0 ? Keys.generateKeyPair(algorithm) : Keys.generateKeyPair(algorithm, bits));
        byte[] signed = get(Keys.sign(chunks("some ", "text"), pair.getPrivate(), signature));

        assertThat(get(Keys.verify(chunks("some text"), pair.getPublic(), signature, signed)))
                .isTrue();
        assertThat(get(Keys.verify(chunks("some texT"), pair.getPublic(), signature, signed)))
                .isFalse();
        assertThat(get(Keys.verify(chunks("some text"), pair.getPublic(), signature, new byte[3])))
                .isFalse();
    }

    @Test
    void keysHaveTheSizeAndTheParametersAskedFor() {
        KeyPair rsa = get(Keys.generateKeyPair("RSA", 1024));
        assertThat(((RSAPublicKey) rsa.getPublic()).getModulus().bitLength()).isEqualTo(1024);
        assertThat(get(Keys.generateKey("AES", 256)).getEncoded()).hasSize(32);
        assertThat(get(Keys.generateKeyPair("EC", new ECGenParameterSpec("secp384r1")))
                        .getPublic()
                        .toString())
                .contains("secp384r1");
    }

    @ParameterizedTest
    @CsvSource({"X25519", "EC"})
    void bothAgreeOnASecret(String algorithm) {
        KeyPair one = get(Keys.generateKeyPair(algorithm));
        KeyPair two = get(Keys.generateKeyPair(algorithm));

        assertThat(get(Keys.diffieHellman(one.getPrivate(), two.getPublic())))
                .isEqualTo(get(Keys.diffieHellman(two.getPrivate(), one.getPublic())))
                .isNotEmpty();
        KeyPair other = get(Keys.generateKeyPair("RSA", 1024));
        StepVerifier.create(Keys.diffieHellman(one.getPrivate(), other.getPublic()))
                .expectError(java.security.InvalidKeyException.class)
                .verify(LONG);
    }

    @Test
    void primesArePrimeAndOfTheirSize() {
        BigInteger prime = get(Keys.generatePrime(128, false));
        BigInteger safe = get(Keys.generatePrime(32, true));

        assertThat(prime.bitLength()).isEqualTo(128);
        assertThat(get(Keys.checkPrime(prime))).isTrue();
        assertThat(safe.bitLength()).isEqualTo(32);
        assertThat(get(Keys.checkPrime(safe))).isTrue();
        assertThat(get(Keys.checkPrime(safe.shiftRight(1)))).isTrue();
        assertThat(get(Keys.checkPrime(prime.multiply(safe)))).isFalse();
    }

    @Test
    void aSearchForASafePrimeEndsAtACancel() throws Exception {
        BlockingPool pool = BlockingPoolSpec.of("primes").threads(1).start();
        var search = Keys.generatePrime(1024, true)
                .contextWrite(Context.of(BlockingPool.class, pool))
                .subscribe();
        Spin.until(() -> pool.metrics().running() == 1);
        search.dispose();

        StepVerifier.create(pool.disposeGracefully()) // waits for the thread
                .expectComplete()
                .verify(LONG);
        assertThat(pool.metrics().threads()).isZero();
    }

    @Test
    void resultsComeHome() {
        List<String> log = new ArrayList<>();

        EventLoop.run(loop -> Keys.generateKeyPair("Ed25519")
                .flatMap(pair -> Keys.sign(chunks("x"), pair.getPrivate(), "Ed25519"))
                .subscribe(signature -> log.add(signature.length + " " + loop.inLoop())));

        assertThat(log).containsExactly("64 true");
    }

    @Test
    void badArgumentsAreRefusedAtTheCall() {
        KeyPair pair = get(Keys.generateKeyPair("Ed25519"));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Keys.generateKeyPair("none"))
                .withMessage("algorithm must be one that a provider has, was none");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Keys.generateKeyPair("RSA", 5))
                .withMessage("bits must be a size of RSA, was 5");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Keys.generateKeyPair("EC", new ECGenParameterSpec("none")));
        assertThatIllegalArgumentException().isThrownBy(() -> Keys.generateKey("AES", 5));
        assertThatIllegalArgumentException().isThrownBy(() -> Keys.sign(chunks(), pair.getPrivate(), "none"));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Keys.sign(chunks(), pair.getPrivate(), "SHA256withRSA"))
                .withMessageStartingWith("key must be one for SHA256withRSA, was one for Ed");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Keys.verify(chunks(), pair.getPublic(), "SHA256withRSA", new byte[0]));
        assertThatIllegalArgumentException().isThrownBy(() -> Keys.generatePrime(2, false));
        assertThatIllegalArgumentException().isThrownBy(() -> Keys.checkPrime(BigInteger.ONE.negate()));
    }

    @Test
    void buffersAreFilledAtRandomAndComparedInConstantTime() {
        ByteBuffer buffer = ByteBuffer.allocate(64);
        buffer.position(16).limit(48);
        get(Crypto.randomFill(buffer));
        assertThat(buffer.array()).startsWith(new byte[16]).endsWith(new byte[16]);
        assertThat(buffer.array()).isNotEqualTo(new byte[64]);
        assertThat(buffer.position()).isEqualTo(16);
        ByteBuffer direct = ByteBuffer.allocateDirect(32);
        get(Crypto.randomFill(direct));
        assertThat(direct).isNotEqualTo(ByteBuffer.allocate(32));

        assertThat(Crypto.timingSafeEqual(new byte[] {1, 2}, new byte[] {1, 2})).isTrue();
        assertThat(Crypto.timingSafeEqual(new byte[] {1, 2}, new byte[] {1, 3})).isFalse();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Crypto.timingSafeEqual(new byte[2], new byte[3]))
                .withMessage("a and b must be of one length, were 2 and 3 bytes");
    }
}
