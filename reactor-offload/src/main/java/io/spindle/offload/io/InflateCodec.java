// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;

/** Decompresses: one stream of zlib or raw data, or any number of members of gzip, and nothing after it but padding. */
final class InflateCodec extends ZlibCodec {

    private static final int GZIP_TRAILER = 8;

    private enum State {
        START,
        HEADER,
        BODY,
        TRAILER,
        END,
        PADDING
    }

    private final long maxOutput;
    private final CRC32 crc = new CRC32();
    private ZlibFormat format;
    private State state = State.START;
    private @Nullable Inflater inflater;
    private GzipHeader header = new GzipHeader();
    private long trailer; // little-endian, the bytes read so far on top
    private int trailerLength;
    private boolean pending; // the last call had no room left, so there may be more output
    private boolean another; // a member has ended before this one
    private long total;

    InflateCodec(ZlibFormat format, long maxOutput) {
        this.format = format;
        this.maxOutput = maxOutput;
    }

    @Override
    int produce(byte[] output, int offset) {
        if (state == State.BODY) {
            return inflate(inflater(), output, offset);
        }
        if (!hasInput()) {
            return STARVED;
        }
        switch (state) {
            case START -> start();
            case HEADER -> readHeader();
            case TRAILER -> readTrailer();
            default -> afterEnd();
        }
        return 0;
    }

    private void start() {
        if (format == ZlibFormat.AUTO) {
            format = GzipHeader.begins(peek()) ? ZlibFormat.GZIP : ZlibFormat.ZLIB;
        }
        state = format.isGzip() ? State.HEADER : State.BODY;
    }

    private void readHeader() {
        try {
            while (hasInput() && state == State.HEADER) {
                if (header.accept(poll())) {
                    state = State.BODY;
                }
            }
        } catch (ZlibException error) {
            throw another && header.isMagic() ? trailing() : error;
        }
    }

    private Inflater inflater() {
        Inflater current = inflater;
        if (current == null) {
            current = new Inflater(format != ZlibFormat.ZLIB);
            inflater = current;
        }
        return current;
    }

    private int inflate(Inflater current, byte[] output, int offset) {
        if (current.needsInput()) {
            if (hasInput()) {
                int length = left();
                current.setInput(input(), skip(length), length);
            } else if (!pending) {
                return STARVED;
            }
        }
        int made = inflateSome(current, output, offset);
        pending = made == output.length - offset;
        total += made;
        if (total > maxOutput) {
            throw new ZlibException(
                    ZlibException.TOO_LARGE, "more than " + maxOutput + " bytes come out, which is the limit");
        }
        if (format == ZlibFormat.GZIP) {
            crc.update(output, offset, made);
        }
        if (current.finished()) {
            unread(current.getRemaining());
            state = format == ZlibFormat.GZIP ? State.TRAILER : State.END;
        } else if (current.needsDictionary()) {
            throw new ZlibException(ZlibException.DICTIONARY, "missing dictionary");
        }
        return made;
    }

    private static int inflateSome(Inflater current, byte[] output, int offset) {
        try {
            return current.inflate(output, offset, output.length - offset);
        } catch (DataFormatException error) {
            String reason = error.getMessage();
            throw new ZlibException(ZlibException.DATA, reason == null ? "damaged" : reason, error);
        }
    }

    private void readTrailer() {
        while (hasInput() && trailerLength < GZIP_TRAILER) {
            trailer = (trailer >>> Byte.SIZE) | ((long) poll() << (Long.SIZE - Byte.SIZE));
            trailerLength++;
        }
        if (trailerLength == GZIP_TRAILER) {
            if ((int) trailer != (int) crc.getValue()) {
                throw new ZlibException(ZlibException.DATA, "incorrect data check");
            }
            if ((int) (trailer >>> Integer.SIZE) != (int) inflater().getBytesWritten()) {
                throw new ZlibException(ZlibException.DATA, "incorrect length check");
            }
            state = State.END;
        }
    }

    /** Another member, or zeros up to the end, which tapes and block devices leave. */
    private void afterEnd() {
        if (format != ZlibFormat.GZIP) {
            throw trailing();
        }
        while (hasInput() && peek() == 0) {
            poll();
            state = State.PADDING;
        }
        if (hasInput()) {
            if (state == State.PADDING) {
                throw trailing();
            }
            beginAnother();
        }
    }

    private void beginAnother() {
        another = true;
        header = new GzipHeader();
        inflater().reset();
        crc.reset();
        trailerLength = 0;
        state = State.HEADER;
    }

    private static ZlibException trailing() {
        return new ZlibException(ZlibException.TRAILING, "trailing junk found after the end of the compressed stream");
    }

    @Override
    void checkEnd() {
        if (state != State.END && state != State.PADDING) {
            throw new ZlibException(ZlibException.TRUNCATED, "unexpected end of file");
        }
    }

    @Override
    void release() {
        if (inflater != null) {
            inflater.end();
        }
    }
}
