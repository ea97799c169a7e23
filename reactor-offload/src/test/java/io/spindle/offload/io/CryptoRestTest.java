// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.spindle.offload.BlockingPool;
import io.spindle.offload.BlockingPoolSpec;
import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Spin;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HexFormat;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.util.context.Context;

@ExtendWith(LeakCheck.class)
class CryptoRestTest {

    private static final Duration LONG = Duration.ofSeconds(20);

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] hex(String text) {
        return HexFormat.of().parseHex(text);
    }

    private static String hex(Mono<byte[]> mono) {
        return HexFormat.of().formatHex(mono.blockOptional(LONG).orElseThrow());
    }

    @Test
    void theCodeOfAStreamIsThatOfTheWhole() {
        Flux<byte[]> chunks =
                Flux.just("The quick brown ", "", "fox jumps over the lazy dog").map(CryptoRestTest::bytes);
        Mono<byte[]> code = Crypto.hmac(chunks, bytes("key"), "sha256");
        String expected = "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8";

        assertThat(hex(code)).isEqualTo(expected);
        assertThat(hex(code)).as("subscribed again").isEqualTo(expected);
        assertThat(hex(Crypto.hmac(Flux.empty(), new byte[0], "SHA-256"))) // of Node
                .isEqualTo("b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
        assertThatIllegalArgumentException().isThrownBy(() -> Crypto.hmac(Flux.empty(), bytes("key"), "md4"));
    }

    @Test
    void hkdfGivesTheVectorsOfTheStandardAndOfNode() {
        assertThat(hex(Crypto.hkdf( // RFC 5869, A.1
                        hex("0b".repeat(22)),
                        hex("000102030405060708090a0b0c"),
                        hex("f0f1f2f3f4f5f6f7f8f9"),
                        42,
                        "sha256")))
                .isEqualTo("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
        assertThat(hex(Crypto.hkdf(bytes("key"), bytes("salt"), bytes("info"), 64, "sha512")))
                .isEqualTo("24156e2c35525baaf3d0fbb92b734c8032a110a3f12e2596e441e1924870d84c"
                        + "3a500652a723738024432451046fd237efad8392fb686c5277a59e0105391653");
        assertThat(hex(Crypto.hkdf(bytes("key"), new byte[0], new byte[0], 10, "sha256")))
                .isEqualTo("80c724c4a65d79568fc3");
        assertThat(hex(Crypto.hkdf(bytes("key"), new byte[0], new byte[0], 0, "sha256")))
                .isEmpty();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Crypto.hkdf(bytes("key"), new byte[0], new byte[0], 8_161, "sha256"))
                .withMessage("length must be 0 to 8160, was 8161");
    }

    @ParameterizedTest
    @CsvSource({ // RFC 7914, section 12
        "'', '', 16, 1, 1, 77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"
                + "fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906",
        "password, NaCl, 1024, 8, 16, fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
                + "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640",
        "pleaseletmein, SodiumChloride, 16384, 8, 1, 7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
                + "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"
    })
    void hf32ScryptGivesTheVectorsOfTheStandard(String password, String salt, int n, int r, int p, String expected) {
        assertThat(hex(Crypto.scrypt(bytes(password), bytes(salt), n, r, p, 64)))
                .isEqualTo(expected);
    }

    @Test
    void hf32ScryptFailsAtTheCall() {
        byte[] none = {};

        assertThatIllegalArgumentException()
                .isThrownBy(() -> Crypto.scrypt(none, none, 15, 8, 1, 64))
                .withMessage("n must be a power of two and 2 or more, was 15");
        assertThatIllegalArgumentException().isThrownBy(() -> Crypto.scrypt(none, none, 1, 8, 1, 64));
        assertThatIllegalArgumentException().isThrownBy(() -> Crypto.scrypt(none, none, 16, 0, 1, 64));
        assertThatIllegalArgumentException().isThrownBy(() -> Crypto.scrypt(none, none, 16, 8, 0, 64));
        assertThatIllegalArgumentException().isThrownBy(() -> Crypto.scrypt(none, none, 16, 8, 1, -1));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Crypto.scrypt(none, none, 1 << 30, 8, 1, 64))
                .withMessageContaining("must not be over 2 GB");
    }

    @Test
    void cancelStopsScrypt() {
        BlockingPool pool = BlockingPoolSpec.of("scrypt").threads(1).start();

        StepVerifier.create(Crypto.scrypt(bytes("x"), bytes("y"), 1 << 16, 8, 1 << 12, 64) // for some minutes
                        .contextWrite(Context.of(BlockingPool.class, pool)))
                .then(() -> Spin.until(() -> pool.metrics().running() == 1))
                .thenCancel()
                .verify(LONG);

        pool.disposeGracefully().block(LONG);
    }

    @Test
    void randomNumbersAreInRangeAndReachItsEnds() {
        assertThat(Flux.range(0, 200)
                        .concatMap(i -> Crypto.randomInt(-1, 2))
                        .distinct()
                        .collectList()
                        .block(LONG))
                .containsExactlyInAnyOrder(-1L, 0L, 1L);
        assertThat(Crypto.randomInt(Long.MIN_VALUE, Long.MAX_VALUE).block(LONG)).isNotNull();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Crypto.randomInt(3, 3))
                .withMessage("max must be more than min, which is 3, was 3");
    }

    @Test
    void randomUuidsAreOfVersion4AndNew() {
        UUID one = Crypto.randomUUID().blockOptional(LONG).orElseThrow();
        UUID two = Crypto.randomUUID().blockOptional(LONG).orElseThrow();

        assertThat(one.version()).isEqualTo(4);
        assertThat(one).isNotEqualTo(two);
    }
}
