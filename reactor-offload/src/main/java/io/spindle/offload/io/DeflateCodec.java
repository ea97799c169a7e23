// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/** Compresses, with the frame of gzip if wanted. */
final class DeflateCodec extends ZlibCodec {

    /** How much is compressed between two looks at the interrupt. */
    private static final int SLICE = 256 * 1024;

    private static final byte[] GZIP_HEADER = {0x1f, (byte) 0x8b, Deflater.DEFLATED, 0, 0, 0, 0, 0, 0, (byte) 0xff};
    private static final int GZIP_TRAILER = 8;

    private final boolean gzip;
    private final boolean flushEach;
    private final Deflater deflater;
    private final CRC32 crc = new CRC32();
    private ByteBuffer frame; // what is still to be written of the header or trailer
    private boolean trailed;
    private boolean flushing;

    DeflateCodec(ZlibFormat format, int level, boolean flushEach) {
        this.gzip = format.isGzip();
        this.flushEach = flushEach;
        this.deflater = new Deflater(level, format != ZlibFormat.ZLIB);
        this.frame = ByteBuffer.wrap(gzip ? GZIP_HEADER : new byte[0]);
        this.trailed = !gzip;
    }

    @Override
    void accept(byte[] chunk) {
        super.accept(chunk);
        flushing = flushEach && chunk.length > 0;
    }

    @Override
    int produce(byte[] output, int offset) {
        int room = output.length - offset;
        if (frame.hasRemaining()) {
            int length = Math.min(room, frame.remaining());
            frame.get(output, offset, length);
            return length;
        }
        if (deflater.finished()) {
            return trail();
        }
        if (deflater.needsInput() && !feed()) {
            return STARVED;
        }
        boolean flush = flushing && !hasInput();
        int made = deflater.deflate(output, offset, room, flush ? Deflater.SYNC_FLUSH : Deflater.NO_FLUSH);
        if (flush && made < room) {
            flushing = false;
        }
        return made;
    }

    /** Returns whether there is something to do for the deflater. */
    private boolean feed() {
        if (hasInput()) {
            int length = Math.min(SLICE, left());
            int start = skip(length);
            deflater.setInput(input(), start, length);
            if (gzip) {
                crc.update(input(), start, length);
            }
        } else if (ended()) {
            deflater.finish();
        } else {
            return flushing;
        }
        return true;
    }

    private int trail() {
        if (trailed) {
            return STARVED;
        }
        trailed = true;
        frame = ByteBuffer.allocate(GZIP_TRAILER)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt((int) crc.getValue())
                .putInt((int) deflater.getBytesRead())
                .flip();
        return 0;
    }

    @Override
    void checkEnd() {
        assert deflater.finished() && !frame.hasRemaining() : "it has room and no more input";
    }

    @Override
    void release() {
        deflater.end();
    }
}
