// SPDX-License-Identifier: Apache-2.0
package io.spindle.process.ipc;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.charset.StandardCharsets;

/**
 * One frame: a length (four bytes, of what follows), a kind (one byte) and what the kind says.
 * <pre>
 *   MESSAGE   payload                              needs one credit
 *   CREDIT    count (4)                            the receiver can take so many more messages
 *   REQUEST   id (4), subject length (1), subject, payload
 *   REPLY     id (4), payload
 *   FAILURE   id (4), reason in UTF-8
 *   TAKEN     count (4)                            so many descriptors were received
 *   END       nothing                              no message will follow; the peer answers with its own END
 *   READY     nothing                              from the accepting side: all sockets are connected
 *   CANCEL    id (4)                               nobody waits for the answer any more; one must still be sent
 * </pre>
 * In MESSAGE, REQUEST and REPLY the highest bit of the kind says that a descriptor belongs to the frame: the next one
 * on the other socket, where it was written before the frame.
 */
@SuppressWarnings("ArrayRecordComponent") // frames are never compared, and copying payloads would cost
record Frame(byte kind, boolean withDescriptor, int number, String subject, byte[] payload) {

    static final byte MESSAGE = 1;
    static final byte CREDIT = 2;
    static final byte REQUEST = 3;
    static final byte REPLY = 4;
    static final byte FAILURE = 5;
    static final byte TAKEN = 6;
    static final byte END = 7;
    static final byte READY = 8;
    static final byte CANCEL = 9;

    static final byte[] NOTHING = {};
    static final int MAX_SUBJECT_BYTES = 255;

    private static final int DESCRIPTOR_BIT = 0x80;

    static void checkSubject(String subject) {
        int length = subject.getBytes(StandardCharsets.UTF_8).length;
        if (length == 0 || length > MAX_SUBJECT_BYTES) {
            throw new IllegalArgumentException("subject must have 1 to " + MAX_SUBJECT_BYTES + " bytes, had " + length);
        }
    }

    static Frame message(byte[] payload, boolean withDescriptor) {
        return new Frame(MESSAGE, withDescriptor, 0, "", payload);
    }

    static Frame request(int id, String subject, byte[] payload) {
        return new Frame(REQUEST, false, id, subject, payload);
    }

    static Frame reply(int id, byte[] payload, boolean withDescriptor) {
        return new Frame(REPLY, withDescriptor, id, "", payload);
    }

    static Frame failure(int id, String reason) {
        return new Frame(FAILURE, false, id, "", reason.getBytes(StandardCharsets.UTF_8));
    }

    static Frame cancel(int id) {
        return new Frame(CANCEL, false, id, "", NOTHING);
    }

    static Frame counted(byte kind, int count) {
        return new Frame(kind, false, count, "", NOTHING);
    }

    static Frame bare(byte kind) {
        return new Frame(kind, false, 0, "", NOTHING);
    }

    /** The bytes after the length. */
    int length() {
        return switch (kind) {
            case MESSAGE -> 1 + payload.length;
            case REQUEST -> 1 + Integer.BYTES + 1 + subject.getBytes(StandardCharsets.UTF_8).length + payload.length;
            case REPLY, FAILURE -> 1 + Integer.BYTES + payload.length;
            case CREDIT, TAKEN, CANCEL -> 1 + Integer.BYTES;
            default -> 1;
        };
    }

    ByteBuf write(ByteBufAllocator allocator) {
        int length = length();
        ByteBuf bytes = allocator.buffer(Integer.BYTES + length);
        bytes.writeInt(length).writeByte(withDescriptor ? kind | DESCRIPTOR_BIT : kind);
        if (kind != MESSAGE && length > 1) {
            bytes.writeInt(number);
        }
        if (kind == REQUEST) {
            byte[] name = subject.getBytes(StandardCharsets.UTF_8);
            bytes.writeByte(name.length).writeBytes(name);
        }
        return bytes.writeBytes(payload);
    }

    /** Reads the bytes after the length, all of them, from a buffer that holds just those. */
    static Frame read(ByteBuf bytes) {
        int first = bytes.readUnsignedByte();
        byte kind = (byte) (first & ~DESCRIPTOR_BIT);
        boolean withDescriptor = first >= DESCRIPTOR_BIT;
        if (withDescriptor && kind != MESSAGE && kind != REQUEST && kind != REPLY) {
            throw new ChannelProtocolException("frame of kind " + kind + " cannot carry a descriptor");
        }
        return switch (kind) {
            case MESSAGE -> message(rest(bytes), withDescriptor);
            case REQUEST -> {
                int id = number(bytes);
                yield new Frame(REQUEST, withDescriptor, id, subject(bytes), rest(bytes));
            }
            case REPLY, FAILURE -> new Frame(kind, withDescriptor, number(bytes), "", rest(bytes));
            case CREDIT, TAKEN -> counted(kind, positive(bytes));
            case CANCEL -> cancel(last(bytes));
            case END, READY -> empty(kind, bytes);
            default -> throw new ChannelProtocolException("frame of unknown kind " + kind);
        };
    }

    private static Frame empty(byte kind, ByteBuf bytes) {
        if (bytes.isReadable()) {
            throw new ChannelProtocolException(
                    "frame of kind " + kind + " must be empty, had " + bytes.readableBytes() + " bytes");
        }
        return bare(kind);
    }

    private static int number(ByteBuf bytes) {
        if (bytes.readableBytes() < Integer.BYTES) {
            throw new ChannelProtocolException("frame is too short to hold its number");
        }
        return bytes.readInt();
    }

    private static int positive(ByteBuf bytes) {
        int count = last(bytes);
        if (count <= 0) {
            throw new ChannelProtocolException("frame must hold a positive count, had " + count);
        }
        return count;
    }

    /** A number and nothing behind it. */
    private static int last(ByteBuf bytes) {
        int number = number(bytes);
        if (bytes.isReadable()) {
            throw new ChannelProtocolException(
                    "frame must end after its number, had " + bytes.readableBytes() + " more bytes");
        }
        return number;
    }

    private static String subject(ByteBuf bytes) {
        int length = bytes.isReadable() ? bytes.readUnsignedByte() : Integer.MAX_VALUE;
        if (length > bytes.readableBytes()) {
            throw new ChannelProtocolException("request is too short to hold its subject");
        }
        return bytes.readCharSequence(length, StandardCharsets.UTF_8).toString();
    }

    private static byte[] rest(ByteBuf bytes) {
        byte[] rest = new byte[bytes.readableBytes()];
        bytes.readBytes(rest);
        return rest;
    }
}
