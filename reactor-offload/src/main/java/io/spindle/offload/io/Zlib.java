// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

import io.spindle.offload.BlockingPool;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.zip.Deflater;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * An immutable description of a compression: gzip, zlib or raw deflate, for streams and for whole arrays. Each method
 * returns a new {@code Zlib}, so one may be kept and shared.
 *
 * <pre>{@code
 * Files.readChunks(path).transform(Zlib.gzip().level(9).compress())
 * body.transform(Zlib.gzip().maxOutput(50_000_000).decompress())
 * }</pre>
 *
 * <p>It computes on the {@link BlockingPool} that the Reactor {@code Context} holds under {@code BlockingPool.class}, else
 * on {@link BlockingPool#shared()}, one trip for each piece of at most 64 KB. Signals come on the event loop that was
 * subscribed on, else on the pool's thread. Cancel interrupts the trip that is under way; native memory is freed at once
 * or at its end, and so it is after an error and after the end.
 *
 * <p>What cannot be decompressed is a {@link ZlibException}; the pieces before the damage have been delivered then. It is
 * one, too, if bytes follow the end of the stream (Node ignores them, except for gzip) or if the stream ends too early.
 * After a member of gzip another one may follow, or zeros. Node analogue: {@code node:zlib}.
 *
 * @since 0.1.0
 */
public final class Zlib {

    private final ZlibFormat format;
    private final int level;
    private final boolean flushEach;
    private final long maxOutput;

    private Zlib(ZlibFormat format, int level, boolean flushEach, long maxOutput) {
        this.format = format;
        this.level = level;
        this.flushEach = flushEach;
        this.maxOutput = maxOutput;
    }

    private static Zlib of(ZlibFormat format) {
        return new Zlib(format, Deflater.DEFAULT_COMPRESSION, false, Long.MAX_VALUE);
    }

    /** Describes gzip (RFC 1952), with checks of header, content and length. Node analogue: {@code gzip}, {@code gunzip}. */
    public static Zlib gzip() {
        return of(ZlibFormat.GZIP);
    }

    /** Describes zlib (RFC 1950), HTTP's {@code deflate}. Node analogue: {@code deflate}, {@code inflate}. */
    public static Zlib deflate() {
        return of(ZlibFormat.ZLIB);
    }

    /** Describes deflate without a frame (RFC 1951). Node analogue: {@code deflateRaw}, {@code inflateRaw}. */
    public static Zlib deflateRaw() {
        return of(ZlibFormat.RAW);
    }

    /**
     * Describes what decompresses both gzip and zlib, told apart by the first byte, and compresses as gzip. Node analogue:
     * {@code unzip}.
     */
    public static Zlib unzip() {
        return of(ZlibFormat.AUTO);
    }

    /**
     * Sets how hard it tries to make the output small.
     *
     * @param level 0 (not at all) to 9 (the most), or -1 for zlib's own choice, at present 6. Default: -1
     */
    public Zlib level(int level) {
        if (level < Deflater.DEFAULT_COMPRESSION || level > Deflater.BEST_COMPRESSION) {
            throw new IllegalArgumentException("level must be -1 to 9, was " + level);
        }
        return new Zlib(format, level, flushEach, maxOutput);
    }

    /**
     * Sets whether each chunk comes out as soon as it went in, for a live stream, at the price of a few bytes each. Node
     * analogue: the option {@code flush: Z_SYNC_FLUSH}.
     *
     * @param flushEach else zlib collects. Default: false
     */
    public Zlib flushEach(boolean flushEach) {
        return new Zlib(format, level, flushEach, maxOutput);
    }

    /**
     * Limits what may come out of a decompression: a thousandth of it is enough input to make it. The error has the code
     * {@code ERR_BUFFER_TOO_LARGE} and comes instead of the piece that passes the limit.
     *
     * @param bytes not negative. Default: no limit, for a stream holds one piece at a time
     */
    public Zlib maxOutput(long bytes) {
        return new Zlib(format, level, flushEach, Io.notNegative("maxOutput", bytes));
    }

    /**
     * Compresses a stream; for {@code Flux.transform}. An empty one is compressed too.
     * <ul>
     *   <li><b>Backpressure</b>: it computes only on demand; one chunk is taken from the source at a time.
     * </ul>
     *
     * @return takes chunks, not to be changed before the next is requested, and gives new arrays
     */
    public Function<Flux<byte[]>, Flux<byte[]>> compress() {
        return transform(this::compressor);
    }

    /**
     * Decompresses a stream; for {@code Flux.transform}. The chunks need not be those that were compressed.
     * <ul>
     *   <li><b>Backpressure</b>: it computes only on demand; one chunk is taken from the source at a time, and one piece of
     *       64 KB is held, whatever comes out.
     * </ul>
     *
     * @return takes chunks, not to be changed before the next is requested, and gives new arrays
     */
    public Function<Flux<byte[]>, Flux<byte[]>> decompress() {
        return transform(this::decompressor);
    }

    /**
     * Compresses an array in one trip.
     *
     * @param data not to be changed before the end
     * @return a cold {@code Mono} of a new array, never empty
     */
    public Mono<byte[]> compress(byte[] data) {
        return whole(data, this::compressor);
    }

    /**
     * Decompresses an array in one trip. Set {@link #maxOutput} for data that you did not make.
     *
     * @param data not to be changed before the end
     * @return a cold {@code Mono} of a new array, up to 2 GB; never empty
     */
    public Mono<byte[]> decompress(byte[] data) {
        return whole(data, this::decompressor);
    }

    private ZlibCodec compressor() {
        return new DeflateCodec(format, level, flushEach);
    }

    private ZlibCodec decompressor() {
        return new InflateCodec(format, maxOutput);
    }

    private static Mono<byte[]> whole(byte[] data, Supplier<ZlibCodec> opener) {
        Objects.requireNonNull(data, "data");
        return Mono.deferContextual(
                context -> Io.pool(context).call(() -> opener.get().all(data)));
    }

    private static Function<Flux<byte[]>, Flux<byte[]>> transform(Supplier<ZlibCodec> opener) {
        return chunks -> Flux.deferContextual(context -> {
            BlockingPool pool = Io.pool(context);
            return Flux.using(opener::get, codec -> run(chunks, codec, pool), ZlibCodec::close);
        });
    }

    private static Flux<byte[]> run(Flux<byte[]> chunks, ZlibCodec codec, BlockingPool pool) {
        Flux<byte[]> pieces = pool.<byte[]>call(codec::trip).repeat(codec::more);
        return chunks.concatMap(
                        chunk -> {
                            codec.accept(chunk);
                            return pieces;
                        },
                        0)
                .concatWith(Flux.defer(() -> {
                    codec.end();
                    return pieces;
                }));
    }
}
