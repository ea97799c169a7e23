// SPDX-License-Identifier: Apache-2.0
package io.spindle.process.ipc;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/** Streams of frames, about half of which are mutated; the same for the same seed. */
final class FrameMutator {

    /** The requests that the peer was asked. */
    static final Set<Integer> ASKED = Set.of(1, 2, 3);

    private static final int MAX_FRAMES = 12;
    private static final int[] LENGTHS = {
        0, -1, 1, 2, 5, 255, 65_535, 16_777_215, 16_777_216, 16_777_217, Integer.MAX_VALUE, Integer.MIN_VALUE
    };

    private static final int[] SURPLUS = {-1, 0, 0, 0, 0, 0, 1};
    private static final int KIND = Integer.BYTES;

    private final Random random;
    private final Format format;
    private final boolean withDescriptors;
    private final List<Integer> mutatedAt = new ArrayList<>();
    private final ByteArrayOutputStream stream = new ByteArrayOutputStream();

    private int announced;

    FrameMutator(long seed, boolean withDescriptors) {
        random = new Random(seed);
        this.withDescriptors = withDescriptors;
        format = random.nextBoolean() ? Format.CBOR : Format.JSON;
    }

    Format format() {
        return format;
    }

    byte[] stream() {
        int frames = 1 + random.nextInt(MAX_FRAMES);
        for (int i = 0; i < frames; i++) {
            byte[] frame = withDescriptors ? maybeAnnouncing(frame()) : frame();
            if (random.nextBoolean()) {
                mutatedAt.add(stream.size());
                frame = mutated(frame);
            }
            stream.writeBytes(frame);
        }
        return stream.toByteArray();
    }

    /** How many descriptors go with the stream: mostly as many as it announces. */
    int descriptors() {
        return withDescriptors ? Math.max(0, announced + SURPLUS[random.nextInt(SURPLUS.length)]) : 0;
    }

    private byte[] maybeAnnouncing(byte[] frame) {
        byte kind = frame[KIND];
        if (random.nextInt(40) == 0) {
            return frame(Frame.TAKEN, number(1));
        }
        if (random.nextInt(3) == 0 && (kind == Frame.MESSAGE || kind == Frame.REQUEST || kind == Frame.REPLY)) {
            announced++;
            frame[KIND] |= (byte) 0x80;
        }
        return frame;
    }

    /** A frame in its place that is good, or not. */
    byte[] ready() {
        byte[] ready = frame(Frame.READY);
        return random.nextInt(10) == 0 ? mutated(ready) : ready;
    }

    /** How many of the mutated frames begin at or before a byte of the stream. */
    long mutatedUpTo(int position) {
        return mutatedAt.stream().filter(at -> at <= position).count();
    }

    private byte[] frame() {
        return switch (random.nextInt(20)) {
            case 0, 1, 2, 3 -> frame(Frame.REQUEST, id(), request());
            case 4, 5 -> frame(Frame.REPLY, ask(), payload());
            case 6 -> frame(Frame.FAILURE, ask(), "reason".getBytes(StandardCharsets.UTF_8));
            case 7, 8 -> frame(Frame.CREDIT, number(1 + random.nextInt(1000)));
            case 9, 10 -> frame(Frame.CANCEL, id());
            case 11 -> random.nextInt(8) == 0 ? frame(Frame.END) : frame(Frame.MESSAGE);
            default -> frame(Frame.MESSAGE, payload());
        };
    }

    private static byte[] frame(byte kind, byte[]... parts) {
        int length = 1 + Arrays.stream(parts).mapToInt(part -> part.length).sum();
        ByteBuffer bytes =
                ByteBuffer.allocate(Integer.BYTES + length).putInt(length).put(kind);
        Arrays.stream(parts).forEach(bytes::put);
        return bytes.array();
    }

    private static byte[] number(int number) {
        return ByteBuffer.allocate(Integer.BYTES).putInt(number).array();
    }

    private byte[] id() {
        return number(random.nextInt(100));
    }

    private byte[] ask() {
        return number(1 + random.nextInt(ASKED.size()));
    }

    private byte[] request() {
        byte[] subject = (random.nextBoolean() ? FrameOracle.SILENT : "nobody").getBytes(StandardCharsets.UTF_8);
        byte[] payload = payload();
        return ByteBuffer.allocate(1 + subject.length + payload.length)
                .put((byte) subject.length)
                .put(subject)
                .put(payload)
                .array();
    }

    private byte[] payload() {
        byte[] payload = format.write(
                switch (random.nextInt(4)) {
                    case 0 -> random.nextLong();
                    case 1 -> "größe".repeat(random.nextInt(30));
                    case 2 -> List.of(random.nextInt(), new byte[random.nextInt(40)], Map.of("key", 1.5));
                    default -> Map.of("x", random.nextInt(), "name", List.of(true, "yes"));
                });
        if (random.nextBoolean()) {
            payload[random.nextInt(payload.length)] = (byte) random.nextInt();
        }
        return payload;
    }

    /** More than half of them change what is inside, so that many channels live on to the next frame. */
    private byte[] mutated(byte[] frame) {
        return switch (random.nextInt(12)) {
            case 0 -> Arrays.copyOf(frame, random.nextInt(frame.length));
            case 1 -> inserted(frame);
            case 2 ->
                ByteBuffer.wrap(frame)
                        .putInt(0, LENGTHS[random.nextInt(LENGTHS.length)])
                        .array();
            case 3 -> ByteBuffer.wrap(frame).put(KIND, (byte) random.nextInt()).array();
            case 4 -> garbage();
            default -> inside(frame);
        };
    }

    private byte[] inserted(byte[] frame) {
        int at = random.nextInt(frame.length + 1);
        byte[] more = new byte[1 + random.nextInt(8)];
        random.nextBytes(more);
        return ByteBuffer.allocate(frame.length + more.length)
                .put(frame, 0, at)
                .put(more)
                .put(frame, at, frame.length - at)
                .array();
    }

    private byte[] garbage() {
        byte[] bytes = new byte[random.nextInt(64)];
        random.nextBytes(bytes);
        return bytes;
    }

    private byte[] inside(byte[] frame) {
        int first = KIND + 1;
        for (int i = random.nextInt(3); i >= 0 && frame.length > first; i--) {
            int at = first + random.nextInt(frame.length - first);
            frame[at] ^= (byte) (1 << random.nextInt(Byte.SIZE));
        }
        return frame;
    }
}
