// SPDX-License-Identifier: Apache-2.0
package io.spindle.process.ipc;

import io.netty.channel.unix.FileDescriptor;
import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.MonoSink;

/**
 * What waits to be written: messages for credit, anything with a descriptor for room on the other socket. Requests and
 * replies are a lane of their own, so that no message without credit is in their way. Loop only.
 */
final class Outbox {

    /** Netty cannot write to a descriptor socket that is full (278 by default), so the peer acknowledges each. */
    private static final int MAX_UNTAKEN_DESCRIPTORS = 64;

    /** One frame on its way; the sink is signalled when it was written, or with a descriptor when that was taken. */
    static class Entry {

        private final Frame frame;
        private final @Nullable FileDescriptor descriptor;
        private final @Nullable MonoSink<Void> sink;
        private volatile boolean withdrawn;

        Entry(Frame frame, @Nullable FileDescriptor descriptor, @Nullable MonoSink<Void> sink) {
            this.frame = frame;
            this.descriptor = descriptor;
            this.sink = sink;
        }

        void done() {
            if (sink != null) {
                sink.success();
            }
        }

        void failed(Throwable error) {
            if (sink != null) {
                sink.error(error);
            }
        }

        /** It could not be sent, and the channel goes on. */
        void rejected(IllegalArgumentException error) {
            failed(error);
        }
    }

    private final DefaultChannel channel;
    private final Queue<Entry> messages = new ArrayDeque<>();
    private final Queue<Entry> calls = new ArrayDeque<>();
    private final Queue<Entry> untaken = new ArrayDeque<>();
    private long credit;

    Outbox(DefaultChannel channel) {
        this.channel = channel;
    }

    void message(Entry entry) {
        if (!entry.withdrawn) {
            messages.add(entry);
            drain();
        }
    }

    void call(Entry entry) {
        calls.add(entry);
        drain();
    }

    /** Any thread: the entry may not have come in yet. */
    void withdraw(Entry entry) {
        entry.withdrawn = true;
        channel.onLoop(() -> {
            messages.remove(entry);
            drain();
        });
    }

    void credit(int count) {
        credit = Math.min(credit + count, Long.MAX_VALUE / 2);
        drain();
    }

    /** The peer has taken so many descriptors, in the order in which they were sent. */
    void taken(int count) {
        for (int i = 0; i < count; i++) {
            Entry entry = untaken.poll();
            if (entry == null) {
                throw new ChannelProtocolException("the peer has taken more descriptors than it was sent");
            }
            entry.done();
        }
        drain();
    }

    boolean isEmpty() {
        return messages.isEmpty() && calls.isEmpty() && untaken.isEmpty();
    }

    void drain() {
        for (Entry next = calls.peek(); next != null && hasRoom(next); next = calls.peek()) {
            calls.remove();
            write(next);
        }
        for (Entry next = messages.peek(); next != null && credit > 0 && hasRoom(next); next = messages.peek()) {
            messages.remove();
            if (write(next)) {
                credit--;
            }
        }
        channel.drained();
    }

    private boolean hasRoom(Entry entry) {
        return entry.descriptor == null || untaken.size() < MAX_UNTAKEN_DESCRIPTORS;
    }

    /** Returns whether it was written, which costs a credit. */
    private boolean write(Entry entry) {
        if (entry.withdrawn) {
            return false; // and the task that takes it out is on its way
        }
        FileDescriptor descriptor = entry.descriptor;
        if (descriptor == null) {
            channel.write(entry.frame, entry);
            return true;
        }
        if (!descriptor.isOpen()) {
            entry.rejected(new IllegalArgumentException("descriptor must be open until it is sent, was closed"));
            return false;
        }
        untaken.add(entry);
        channel.writeDescriptor(descriptor); // before the frame: then it is there when the frame announces it
        channel.write(entry.frame, null);
        return true;
    }

    /** Fails the messages for which the peer has no demand: it has ended and will grant no more. */
    void failMessages(Throwable error) {
        fail(messages, error);
    }

    void failAll(Throwable error) {
        fail(calls, error);
        fail(messages, error);
        fail(untaken, error);
    }

    private static void fail(Queue<Entry> entries, Throwable error) {
        for (Entry entry = entries.poll(); entry != null; entry = entries.poll()) {
            entry.failed(error);
        }
    }
}
