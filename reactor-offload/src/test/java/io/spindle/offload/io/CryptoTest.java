// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.spindle.loop.EventLoop;
import io.spindle.offload.BlockingPool;
import io.spindle.offload.BlockingPoolSpec;
import io.spindle.testkit.LeakCheck;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.test.StepVerifier;

@ExtendWith(LeakCheck.class)
class CryptoTest {

    private static final Duration LONG = Duration.ofSeconds(20);

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @CsvSource({ // the vectors of RFC 6070
        "password, salt, 1, 20, 0c60c80f961f0e71f3a9b524af6012062fe037a6",
        "password, salt, 2, 20, ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957",
        "password, salt, 4096, 20, 4b007901b765489abead49d926f721d065a429c1",
        "passwordPASSWORDpassword, saltSALTsaltSALTsaltSALTsaltSALTsalt, 4096, 25,"
                + " 3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038"
    })
    void keysAreThoseOfTheStandard(String password, String salt, int iterations, int length, String expected) {
        StepVerifier.create(Crypto.pbkdf2(password, bytes(salt), iterations, length, "sha1"))
                .assertNext(key -> assertThat(HexFormat.of().formatHex(key)).isEqualTo(expected))
                .expectComplete()
                .verify(LONG);
    }

    @ParameterizedTest
    @CsvSource({
        "sha1, HmacSHA1",
        "SHA-1, HmacSHA1",
        "sha224, HmacSHA224",
        "SHA256, HmacSHA256",
        "sha384, HmacSHA384",
        "sha512, HmacSHA512",
        "sha-512, HmacSHA512"
    })
    void keysAreThoseOfTheJdk(String digest, String algorithm) {
        String expected = jdk(algorithm, "pässword", "salt and more", 1500, 100);

        StepVerifier.create(Crypto.pbkdf2("pässword", bytes("salt and more"), 1500, 100, digest))
                .assertNext(key -> assertThat(HexFormat.of().formatHex(key)).isEqualTo(expected))
                .expectComplete()
                .verify(LONG);
    }

    private static String jdk(String algorithm, String password, String salt, int iterations, int length) {
        try {
            PBEKeySpec spec = new PBEKeySpec(password.toCharArray(), bytes(salt), iterations, length * 8);
            return HexFormat.of()
                    .formatHex(SecretKeyFactory.getInstance("PBKDF2With" + algorithm)
                            .generateSecret(spec)
                            .getEncoded());
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"md5", "sha3-224", "sha3-256", "sha3-384", "sha3-512", "sha512-224", "sha512-256"})
    void otherDigestsAreThereToo(String digest) {
        StepVerifier.create(Crypto.pbkdf2("p", bytes("s"), 3, 33, digest))
                .assertNext(key -> assertThat(key).hasSize(33))
                .expectComplete()
                .verify(LONG);
    }

    @Test
    void emptyPasswordSaltAndKeyAreAllowed() {
        // HMAC-SHA256 of 00000001 with an empty key, from an independent implementation
        StepVerifier.create(Crypto.pbkdf2("", new byte[0], 1, 32, "sha256"))
                .assertNext(key -> assertThat(HexFormat.of().formatHex(key))
                        .isEqualTo("f7ce0b653d2d72a4108cf5abe912ffdd777616dbbb27a70e8204f3ae2d0f6fad"))
                .expectComplete()
                .verify(LONG);
        StepVerifier.create(Crypto.pbkdf2("p", bytes("s"), 1, 0, "sha256"))
                .assertNext(key -> assertThat(key).isEmpty())
                .expectComplete()
                .verify(LONG);
    }

    @Test
    void argumentsAreCheckedAtTheCall() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Crypto.pbkdf2("p", new byte[1], 0, 1, "sha256"))
                .withMessage("iterations must be 1 or more, was 0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Crypto.pbkdf2("p", new byte[1], 1, -1, "sha256"))
                .withMessage("keyLength must not be negative, was -1");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Crypto.pbkdf2("p", new byte[1], 1, 1, "sha257"))
                .withMessageStartingWith("digest must be one of [md5, sha1, ")
                .withMessageEndingWith("was sha257");
    }

    @Test
    void laterChangesOfTheArgumentsAreNotSeen() {
        byte[] password = bytes("password");
        byte[] salt = bytes("salt");
        var key = Crypto.pbkdf2(password, salt, 1, 20, "sha1");
        password[0] = 0;
        salt[0] = 0;

        StepVerifier.create(key)
                .assertNext(bytes -> assertThat(HexFormat.of().formatHex(bytes))
                        .isEqualTo("0c60c80f961f0e71f3a9b524af6012062fe037a6"))
                .expectComplete()
                .verify(LONG);
    }

    @Test
    void theLoopGoesOnWhileTheKeyIsComputedAndCancelStopsIt() throws Exception {
        BlockingPool pool = BlockingPoolSpec.of("crypto").threads(1).start();
        int[] ticks = {0};

        EventLoop.run(loop -> {
            var key = Crypto.pbkdf2(bytes("p"), bytes("s"), Integer.MAX_VALUE, 64, "sha512", pool)
                    .subscribe();
            var interval = loop.setInterval(Duration.ofMillis(1), () -> ticks[0]++);
            loop.setTimeout(Duration.ofMillis(30), () -> {
                key.dispose();
                interval.dispose();
            });
        });

        assertThat(ticks[0]).isPositive();
        CompletableFuture<@Nullable Integer> next = pool.call(() -> 1).toFuture(); // the only thread is free again
        assertThat(next.get(20, TimeUnit.SECONDS)).isEqualTo(1);
        pool.dispose();
    }
}
