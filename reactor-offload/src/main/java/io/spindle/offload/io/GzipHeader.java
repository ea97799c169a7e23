// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

import java.util.zip.CRC32;

/** The header of a member of gzip (RFC 1952), byte by byte. What it tells is skipped, not kept, however long it is. */
final class GzipHeader {

    private static final int MAGIC_1 = 0x1f;
    private static final int MAGIC_2 = 0x8b;
    private static final int DEFLATE = 8;
    private static final int FIXED_LENGTH = 10;

    private static final int FLAG_CHECK = 1 << 1;
    private static final int FLAG_EXTRA = 1 << 2;
    private static final int FLAG_NAME = 1 << 3;
    private static final int FLAG_COMMENT = 1 << 4;
    private static final int FLAGS_RESERVED = 0xe0;

    private enum Part {
        FIXED,
        EXTRA_LENGTH,
        EXTRA,
        NAME,
        COMMENT,
        CHECK,
        DONE;

        Part next() {
            return switch (this) {
                case FIXED -> EXTRA_LENGTH;
                case EXTRA_LENGTH -> EXTRA;
                case EXTRA -> NAME;
                case NAME -> COMMENT;
                case COMMENT -> CHECK;
                case CHECK, DONE -> DONE;
            };
        }
    }

    private final CRC32 crc = new CRC32();
    private Part part = Part.FIXED;
    private int count; // of the bytes of this part
    private int flags;
    private int number; // the length of the extra field, or the check

    static boolean begins(byte first) {
        return (first & 0xff) == MAGIC_1;
    }

    /** Whether the magic number is not over yet, or was wrong. */
    boolean isMagic() {
        return part == Part.FIXED && count < 2;
    }

    /** Takes a byte. Returns whether it was the last. */
    boolean accept(byte next) {
        int value = next & 0xff;
        if (part != Part.CHECK) {
            crc.update(value);
        }
        switch (part) {
            case FIXED -> fixed(value);
            case EXTRA_LENGTH -> number(value, number | (value << Byte.SIZE));
            case EXTRA -> advanceIf(++count == number);
            case NAME, COMMENT -> advanceIf(value == 0);
            case CHECK -> check(value);
            case DONE -> throw new IllegalStateException("the header is over");
        }
        return part == Part.DONE;
    }

    private void fixed(int value) {
        if ((count == 0 && value != MAGIC_1) || (count == 1 && value != MAGIC_2)) {
            throw new ZlibException(ZlibException.DATA, "incorrect header check");
        }
        if (count == 2 && value != DEFLATE) {
            throw new ZlibException(ZlibException.DATA, "unknown compression method");
        }
        if (count == 3) {
            flags = value;
            if ((flags & FLAGS_RESERVED) != 0) {
                throw new ZlibException(ZlibException.DATA, "unknown header flags set");
            }
        }
        advanceIf(++count == FIXED_LENGTH);
    }

    private void number(int low, int both) {
        number = count == 0 ? low : both;
        advanceIf(++count == 2);
    }

    private void check(int value) {
        int expected = (int) (crc.getValue() >>> (count * Byte.SIZE)) & 0xff;
        if (value != expected) {
            throw new ZlibException(ZlibException.DATA, "header crc mismatch");
        }
        advanceIf(++count == 2);
    }

    private void advanceIf(boolean over) {
        if (!over) {
            return;
        }
        count = 0;
        do {
            part = part.next();
        } while (!isThere());
    }

    private boolean isThere() {
        return switch (part) {
            case EXTRA_LENGTH -> (flags & FLAG_EXTRA) != 0;
            case EXTRA -> number > 0;
            case NAME -> (flags & FLAG_NAME) != 0;
            case COMMENT -> (flags & FLAG_COMMENT) != 0;
            case CHECK -> (flags & FLAG_CHECK) != 0;
            default -> true;
        };
    }
}
