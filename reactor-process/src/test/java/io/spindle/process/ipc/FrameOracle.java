// SPDX-License-Identifier: Apache-2.0
package io.spindle.process.ipc;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;

/**
 * What {@code docs/design/ipc.md} says of a stream of bytes, written from that page and not from the code under test: for a
 * peer to which unbounded credit was granted, which was asked some requests, and which has sent so many descriptors and
 * got none.
 */
final class FrameOracle {

    enum Verdict {
        GOOD,
        BAD,
        /** A breach behind an END: the channel may have closed in good order before it is read. */
        EITHER
    }

    /** Requests for it are never answered, all others at once. */
    static final String SILENT = "silent";

    private static final byte[] SILENT_BYTES = SILENT.getBytes(StandardCharsets.UTF_8);

    private final ByteBuffer bytes;
    private final Set<Integer> asked;
    private final Set<Integer> open = new HashSet<>();
    private int judged;
    private int descriptors;
    private int messages;
    private boolean ended;

    FrameOracle(byte[] stream, Set<Integer> asked, int descriptors) {
        this.descriptors = descriptors;
        this.bytes = ByteBuffer.wrap(stream);
        this.asked = new HashSet<>(asked);
    }

    Verdict judge() {
        while (bytes.hasRemaining()) {
            judged = bytes.position();
            if (bytes.remaining() < Integer.BYTES) {
                return breach();
            }
            int length = bytes.getInt();
            if (length < 1 || length > 16_777_216 || length > bytes.remaining()) {
                return breach();
            }
            ByteBuffer frame = bytes.slice(bytes.position(), length);
            bytes.position(bytes.position() + length);
            if (!isGood(frame.get(), frame)) {
                return breach();
            }
        }
        judged = bytes.position();
        return Verdict.GOOD;
    }

    /** Where the last frame begins that was looked at; the end, if all were good. */
    int judged() {
        return judged;
    }

    /** How many messages come before the end or the breach. */
    int messages() {
        return messages;
    }

    private Verdict breach() {
        return ended ? Verdict.EITHER : Verdict.BAD;
    }

    private boolean isGood(byte first, ByteBuffer rest) {
        byte kind = (byte) (first & 0x7F);
        if (kind != first && ((kind != 1 && kind != 3 && kind != 4) || descriptors-- == 0)) {
            return false;
        }
        return switch (kind) {
            case 1 -> !ended && message();
            case 2 -> rest.remaining() == Integer.BYTES && rest.getInt() > 0;
            case 3 -> !ended && isGoodRequest(rest);
            case 4, 5 -> rest.remaining() >= Integer.BYTES && asked.remove(rest.getInt());
            case 7 -> !ended && !rest.hasRemaining() && end();
            case 9 -> rest.remaining() == Integer.BYTES && cancel(rest.getInt());
            default -> false; // among them 6, for nothing was sent that could be taken
        };
    }

    private boolean isGoodRequest(ByteBuffer rest) {
        if (rest.remaining() < Integer.BYTES + 1) {
            return false;
        }
        int id = rest.getInt();
        int length = Byte.toUnsignedInt(rest.get());
        if (length > rest.remaining() || open.contains(id)) {
            return false;
        }
        byte[] subject = new byte[length];
        rest.get(subject);
        if (Arrays.equals(subject, SILENT_BYTES)) {
            open.add(id);
        }
        return true;
    }

    private boolean message() {
        messages++;
        return true;
    }

    private boolean end() {
        ended = true;
        return true;
    }

    private boolean cancel(int id) {
        open.remove(id);
        return true;
    }
}
