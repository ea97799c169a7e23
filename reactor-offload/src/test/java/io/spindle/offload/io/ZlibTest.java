// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.spindle.loop.EventLoop;
import io.spindle.offload.BlockingPool;
import io.spindle.offload.BlockingPoolSpec;
import io.spindle.offload.TaskRejectedException;
import io.spindle.testkit.LeakCheck;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.util.context.Context;

@ExtendWith(LeakCheck.class)
class ZlibTest {

    private static final Duration LONG = Duration.ofSeconds(20);

    @AfterEach
    void nativeMemoryIsFreed() {
        assertThat(ZlibCodec.open()).isZero();
    }

    static Stream<Zlib> formats() {
        return Stream.of(Zlib.gzip(), Zlib.deflate(), Zlib.deflateRaw(), Zlib.unzip());
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Half of it random, half not. */
    private static byte[] data(int length) {
        byte[] data = new byte[length];
        new Random(length).nextBytes(data);
        Arrays.fill(data, length / 2, length, (byte) 'x');
        return data;
    }

    private static byte[] join(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        Stream.of(parts).forEach(all::writeBytes);
        return all.toByteArray();
    }

    private static Flux<byte[]> cut(byte[] data, int size) {
        return Flux.range(0, (data.length + size - 1) / size)
                .map(i -> Arrays.copyOfRange(data, i * size, Math.min(data.length, (i + 1) * size)));
    }

    private static byte[] all(Flux<byte[]> chunks) {
        return chunks.collect(ByteArrayOutputStream::new, ByteArrayOutputStream::writeBytes)
                .map(ByteArrayOutputStream::toByteArray)
                .blockOptional(LONG)
                .orElseThrow();
    }

    private static byte[] get(Mono<byte[]> mono) {
        return mono.blockOptional(LONG).orElseThrow();
    }

    private static byte[] gzip(byte[] data) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(data);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
        return out.toByteArray();
    }

    private static void failsWith(String code, Flux<byte[]> stream) {
        StepVerifier.create(stream.then())
                .expectErrorSatisfies(error -> {
                    assertThat(error).isInstanceOf(ZlibException.class).hasMessageStartingWith(code + ": ");
                    assertThat(((ZlibException) error).code()).isEqualTo(code);
                })
                .verify(LONG);
    }

    /** As a stream of one chunk, as one byte at a time, and as a whole. */
    private static void failsWith(String code, Zlib zlib, byte[] data) {
        failsWith(code, Flux.just(data).transform(zlib.decompress()));
        failsWith(code, cut(data, 1).transform(zlib.decompress()));
        failsWith(code, zlib.decompress(data).flux());
    }

    @ParameterizedTest
    @MethodSource("formats")
    void whatWasCompressedComesBackHoweverItIsCut(Zlib zlib) {
        for (int length : new int[] {0, 1, 1_000, ZlibCodec.PIECE, 600_007}) {
            byte[] data = data(length);

            byte[] whole = get(zlib.compress(data));
            byte[] stream = all(cut(data, 100_000).transform(zlib.compress()));

            assertThat(get(zlib.decompress(stream))).isEqualTo(data);
            assertThat(all(cut(whole, 1_001).transform(zlib.decompress()))).isEqualTo(data);
            assertThat(all(cut(stream, 70_000).transform(zlib.decompress()))).isEqualTo(data);
        }
        byte[] small = get(zlib.compress(data(500)));
        assertThat(all(cut(small, 1).transform(zlib.decompress()))).isEqualTo(data(500));
    }

    @Test
    void aPieceThatIsFullExactlyDoesNotHideWhatTheInflaterHolds() {
        for (int length = ZlibCodec.PIECE + 1; length < ZlibCodec.PIECE + 300; length++) {
            byte[] zeros = new byte[length]; // the last input is taken long before the last output
            byte[] compressed = get(Zlib.deflateRaw().compress(zeros));

            assertThat(get(Zlib.deflateRaw().decompress(compressed))).isEqualTo(zeros);
            assertThat(all(Flux.just(compressed).transform(Zlib.deflateRaw().decompress())))
                    .isEqualTo(zeros);
        }
    }

    @ParameterizedTest
    @CsvSource({ // made by Node's gzipSync, deflateSync and deflateRawSync
        "1f8b0800000000000003f348cdc9c957482bcacf55f0cb4f490500738fef220f000000, gzip",
        "789cf348cdc9c957482bcacf55f0cb4f4905002b6d056f, deflate",
        "f348cdc9c957482bcacf55f0cb4f490500, raw",
        "789cf348cdc9c957482bcacf55f0cb4f4905002b6d056f, unzip"
    })
    void whatNodeCompressedIsRead(String hex, String format) {
        Zlib zlib = switch (format) {
            case "gzip" -> Zlib.gzip();
            case "deflate" -> Zlib.deflate();
            case "raw" -> Zlib.deflateRaw();
            default -> Zlib.unzip();
        };
        byte[] data = HexFormat.of().parseHex(hex);

        assertThat(get(zlib.decompress(data))).asString().isEqualTo("Hello from Node");
    }

    @Test
    void theJdkReadsOursAndWeReadTheJdks() throws IOException {
        byte[] data = data(300_000);

        byte[] ours = all(cut(data, 10_000).transform(Zlib.gzip().compress()));

        assertThat(new GZIPInputStream(new ByteArrayInputStream(ours)).readAllBytes())
                .isEqualTo(data);
        assertThat(get(Zlib.gzip().decompress(gzip(data)))).isEqualTo(data);
        assertThat(get(Zlib.unzip().decompress(gzip(data)))).isEqualTo(data);
    }

    @Test
    void levelsMatter() {
        byte[] data = bytes("the quick brown fox ".repeat(2_000));

        byte[] none = get(Zlib.gzip().level(0).compress(data));
        byte[] least = get(Zlib.gzip().level(1).compress(data));
        byte[] most = get(Zlib.gzip().level(9).compress(data));

        assertThat(none).hasSizeGreaterThan(data.length);
        assertThat(least).hasSizeLessThan(data.length / 10);
        assertThat(most).hasSizeLessThan(least.length);
        assertThat(get(Zlib.gzip().level(-1).compress(data)))
                .isEqualTo(get(Zlib.gzip().compress(data)));
    }

    @Test
    void membersAreReadOneAfterTheOtherAndPaddingIsSkipped() {
        byte[] members = join(gzip(bytes("one ")), gzip(bytes("")), gzip(bytes("two")));
        byte[] padded = join(members, new byte[513]);

        for (int size : new int[] {1, 7, 1_000}) {
            assertThat(all(cut(members, size).transform(Zlib.gzip().decompress())))
                    .asString()
                    .isEqualTo("one two");
            assertThat(all(cut(padded, size).transform(Zlib.unzip().decompress())))
                    .asString()
                    .isEqualTo("one two");
        }
        failsWith("ERR_TRAILING_JUNK_AFTER_STREAM_END", Zlib.gzip(), join(padded, members));
    }

    @Test
    void allFieldsOfAHeaderAreSkippedAndItsCheckIsVerified() {
        byte[] plain = gzip(bytes("body"));
        byte[] header = join(
                new byte[] {0x1f, (byte) 0x8b, 8, 0x1e, 0, 0, 0, 0, 0, 3}, // check, extra, name, comment
                new byte[] {2, 1},
                new byte[0x102],
                bytes("name\0comment\0"));
        CRC32 crc = new CRC32();
        crc.update(header);
        byte[] check = {(byte) crc.getValue(), (byte) (crc.getValue() >>> 8)};
        byte[] rest = Arrays.copyOfRange(plain, 10, plain.length);

        assertThat(all(cut(join(header, check, rest), 1).transform(Zlib.gzip().decompress())))
                .asString()
                .isEqualTo("body");
        check[1]++;
        failsWith("Z_DATA_ERROR", Zlib.gzip(), join(header, check, rest));
    }

    @ParameterizedTest
    @MethodSource("formats")
    void anInputThatIsCutShortIsToldWhereverItIsCut(Zlib zlib) {
        byte[] data = get(zlib.compress(data(100)));

        for (int length = 0; length < data.length; length++) {
            failsWith(
                    "Z_BUF_ERROR", zlib.decompress(Arrays.copyOf(data, length)).flux());
        }
        failsWith("Z_BUF_ERROR", Flux.<byte[]>empty().transform(zlib.decompress()));
    }

    @ParameterizedTest
    @MethodSource("formats")
    void whatFollowsTheEndIsAnError(Zlib zlib) {
        byte[] data = get(zlib.compress(bytes("text")));

        failsWith("ERR_TRAILING_JUNK_AFTER_STREAM_END", zlib, join(data, bytes("junk")));
        failsWith(
                "ERR_TRAILING_JUNK_AFTER_STREAM_END",
                Flux.just(data, bytes("j")).transform(zlib.decompress()));
    }

    @Test
    void whatComesBeforeTheDamageIsDelivered() {
        byte[] damaged = gzip(data(200_000));
        damaged[damaged.length - 6]++; // of the checksum

        StepVerifier.create(
                        Flux.just(damaged).transform(Zlib.gzip().decompress()).map(piece -> piece.length))
                .expectNext(ZlibCodec.PIECE, ZlibCodec.PIECE, ZlibCodec.PIECE)
                .expectErrorMessage("Z_DATA_ERROR: incorrect data check")
                .verify(LONG);
    }

    @Test
    void damageIsTold() {
        byte[] badLength = gzip(bytes("text"));
        badLength[badLength.length - 1]++;
        byte[] badMethod = gzip(bytes("text"));
        badMethod[2]++;
        byte[] badFlags = gzip(bytes("text"));
        badFlags[3] = (byte) 0x80;

        failsWith("Z_DATA_ERROR", Zlib.gzip(), badLength);
        failsWith("Z_DATA_ERROR", Zlib.gzip(), badMethod);
        failsWith("Z_DATA_ERROR", Zlib.gzip(), badFlags);
        failsWith("Z_DATA_ERROR", Zlib.gzip(), bytes("no gzip at all"));
        failsWith("Z_DATA_ERROR", Zlib.deflate(), bytes("no zlib at all"));
        failsWith("Z_DATA_ERROR", Zlib.deflateRaw(), new byte[] {6, 0, 0, 0, 0, 0}); // a block of no known type
        failsWith("Z_DATA_ERROR", Zlib.unzip(), bytes("neither"));
    }

    @Test
    void aDictionaryThatIsNeededIsTold() {
        Deflater deflater = new Deflater();
        deflater.setDictionary(bytes("dictionary"));
        deflater.setInput(bytes("dictionary"));
        deflater.finish();
        byte[] data = new byte[100];
        int length = deflater.deflate(data);
        deflater.end();

        failsWith("Z_NEED_DICT", Zlib.deflate(), Arrays.copyOf(data, length));
    }

    @Test
    void aBombStopsAtTheLimit() {
        byte[] bomb = all(Flux.range(0, 200)
                .map(i -> new byte[1_000_000])
                .transform(Zlib.gzip().level(9).compress()));
        assertThat(bomb).hasSizeLessThan(250_000);
        AtomicLong out = new AtomicLong();

        StepVerifier.create(Flux.just(bomb)
                        .transform(Zlib.gzip().maxOutput(1_000_000).decompress())
                        .doOnNext(piece -> out.addAndGet(piece.length))
                        .then())
                .expectErrorMessage("ERR_BUFFER_TOO_LARGE: more than 1000000 bytes come out, which is the limit")
                .verify(LONG);
        assertThat(out.get()).isBetween(1_000_000L - ZlibCodec.PIECE, 1_000_000L);
        failsWith(
                "ERR_BUFFER_TOO_LARGE",
                Zlib.gzip().maxOutput(1_000_000).decompress(bomb).flux());
        byte[] small = gzip(new byte[1_000]);
        assertThat(get(Zlib.gzip().maxOutput(1_000).decompress(small))).hasSize(1_000);
        failsWith("ERR_BUFFER_TOO_LARGE", Zlib.gzip().maxOutput(999), small);
    }

    @Test
    void onlyWhatIsRequestedComesOutOfABomb() {
        byte[] bomb = gzip(new byte[20_000_000]);
        BlockingPool pool = BlockingPoolSpec.of("zlib").threads(1).start();

        StepVerifier.create(
                        Flux.just(bomb)
                                .transform(Zlib.gzip().decompress())
                                .contextWrite(Context.of(BlockingPool.class, pool)),
                        0)
                .thenRequest(2)
                .assertNext(piece -> assertThat(piece).hasSize(ZlibCodec.PIECE))
                .assertNext(piece -> assertThat(piece).hasSize(ZlibCodec.PIECE))
                .then(() -> StepVerifier.create(pool.run(() -> {}))
                        .expectComplete()
                        .verify(LONG)) // it has one thread: what was submitted before is over
                .then(() -> assertThat(pool.metrics().completed()).isLessThanOrEqualTo(3))
                .thenCancel()
                .verify(LONG);

        pool.dispose();
        StepVerifier.create(pool.onDispose()).expectComplete().verify(LONG);
    }

    @Test
    void theSourceIsAskedForOneChunkAtATime() {
        List<Long> requests = new ArrayList<>();

        StepVerifier.create(
                        cut(data(100_000), 10_000)
                                .doOnRequest(requests::add)
                                .transform(Zlib.gzip().level(0).flushEach(true).compress()),
                        0)
                .thenRequest(3)
                .expectNextCount(3)
                .thenCancel()
                .verify(LONG);

        assertThat(requests).hasSizeBetween(3, 4).containsOnly(1L);
    }

    @Test
    void flushedChunksCanBeReadAsTheyCome() {
        Flux<String> words = Flux.just("one ", "two ", "three");

        StepVerifier.create(words.map(ZlibTest::bytes)
                        .transform(Zlib.gzip().flushEach(true).compress())
                        .transform(Zlib.gzip().decompress())
                        .map(piece -> new String(piece, StandardCharsets.UTF_8)))
                .expectNext("one ", "two ", "three")
                .expectComplete()
                .verify(LONG);
        byte[] random = Arrays.copyOf(data(2_000_000), 1_000_000); // fills pieces while it is flushed
        assertThat(all(cut(random, 300_000)
                        .transform(Zlib.gzip().flushEach(true).compress())
                        .transform(Zlib.gzip().decompress())))
                .isEqualTo(random);
    }

    @Test
    void anErrorOfTheSourcePassesAndFrees() {
        StepVerifier.create(Flux.concat(Flux.just(data(10)), Flux.<byte[]>error(new IllegalStateException("source")))
                        .transform(Zlib.gzip().compress())
                        .then())
                .expectErrorMessage("source")
                .verify(LONG);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void cancelWhereverItHitsFreesAll(boolean compress) {
        BlockingPool pool = BlockingPoolSpec.of("zlib").threads(2).start();
        byte[] data = compress ? data(3_000_000) : gzip(data(3_000_000));
        UnaryOperator<Flux<byte[]>> transform = chunks ->
                chunks.transform(compress ? Zlib.gzip().compress() : Zlib.gzip().decompress());

        for (int i = 0; i < 100; i++) {
            BaseSubscriber<byte[]> subscriber = new BaseSubscriber<>() {};
            transform
                    .apply(cut(data, 50_000))
                    .contextWrite(Context.of(BlockingPool.class, pool))
                    .subscribe(subscriber);
            for (int spin = 0; spin < i * 300; spin++) {
                Thread.onSpinWait();
            }
            subscriber.cancel();
        }

        pool.disposeGracefully().block(LONG);
        assertThat(ZlibCodec.open()).isZero();
    }

    @Test
    void aFullPoolIsToldAndFreesAll() {
        BlockingPool pool = BlockingPoolSpec.of("zlib").threads(1).start();
        pool.dispose();

        StepVerifier.create(Flux.just(data(10))
                        .transform(Zlib.gzip().compress())
                        .contextWrite(Context.of(BlockingPool.class, pool)))
                .expectError(TaskRejectedException.class)
                .verify(LONG);
    }

    @Test
    void piecesComeHome() {
        List<Boolean> log = new ArrayList<>();

        EventLoop.run(loop -> Flux.just(data(300_000), data(300_000))
                .transform(Zlib.gzip().compress())
                .transform(Zlib.gzip().decompress())
                .subscribe(piece -> log.add(loop.inLoop())));

        assertThat(log).isNotEmpty().containsOnly(true);
    }

    @Test
    void wrongNumbersFailAtTheCall() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Zlib.gzip().level(10))
                .withMessage("level must be -1 to 9, was 10");
        assertThatIllegalArgumentException().isThrownBy(() -> Zlib.gzip().level(-2));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Zlib.gzip().maxOutput(-1))
                .withMessage("maxOutput must not be negative, was -1");
    }
}
