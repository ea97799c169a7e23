// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.netty.buffer.ByteBuf;
import io.netty.util.ReferenceCountUtil;
import io.spindle.loop.EventLoop;
import io.spindle.process.ChildProcess;
import java.io.ByteArrayOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * Reads what workers print, if it is to pass through the primary, and writes it to the primary's own output, each line behind the
 * name of its worker. One thread writes, for it may block: then the pipes fill up and the workers wait, as they do when they have
 * that output themselves. The loop of the primary never waits. Loop only, if nothing else is said.
 */
final class WorkerOutput {

    private static final Logger log = LoggerFactory.getLogger(Cluster.class);
    private static final int CHUNKS_AHEAD = 2;
    private static final int SECONDS_UNUSED = 60;

    private final EventLoop loop;
    private final OutputStream stdout;
    private final OutputStream stderr;
    private final RecentLines recent = new RecentLines();
    private final Set<Stream> streams = ConcurrentHashMap.newKeySet(); // ends are told on the writer's thread
    private @Nullable Scheduler writer;
    private boolean complained; // writer only

    /** One that is being read. */
    private record Stream(Disposable.Swap reading, Sinks.Empty<Void> end) {}

    WorkerOutput(EventLoop loop) {
        this(loop, new FileOutputStream(FileDescriptor.out), new FileOutputStream(FileDescriptor.err));
    }

    /** With other streams than those of this process, which are not closed. */
    WorkerOutput(EventLoop loop, OutputStream stdout, OutputStream stderr) {
        this.loop = loop;
        this.stdout = stdout;
        this.stderr = stderr;
    }

    RecentLines recent() {
        return recent;
    }

    /** A worker has been started with these settings. */
    void read(int worker, WorkerSettings settings, ChildProcess process) {
        if (settings.stdout().isPipe()) {
            read(worker, RecentLines.Source.STDOUT, process.stdout(), stdout);
        }
        if (settings.stderr().isPipe()) {
            read(worker, RecentLines.Source.STDERR, process.stderr(), stderr);
        }
    }

    void read(int worker, RecentLines.Source source, Flux<ByteBuf> chunks, OutputStream out) {
        recent.seesOutput();
        LineCutter cutter = new LineCutter();
        byte[] prefix = ("[worker " + worker + "] ").getBytes(StandardCharsets.UTF_8);
        Stream stream = new Stream(Disposables.swap(), Sinks.empty());
        streams.add(stream);
        stream.reading()
                .update(chunks.publishOn(writer(), CHUNKS_AHEAD)
                        .doOnDiscard(ByteBuf.class, ReferenceCountUtil::release)
                        .doFinally(how -> ended(stream))
                        .subscribe(
                                chunk -> write(cutter.feed(chunk), worker, source, prefix, out),
                                error -> log.warn("[worker {}] its {} cannot be read", worker, source, error),
                                () -> write(cutter.end(), worker, source, prefix, out)));
    }

    private Scheduler writer() {
        Scheduler open = writer;
        if (open == null) {
            open = Schedulers.newBoundedElastic(1, Integer.MAX_VALUE, "spindle-output", SECONDS_UNUSED, true);
            writer = open;
        }
        return open;
    }

    /** On the writer. */
    private void write(Iterable<byte[]> lines, int worker, RecentLines.Source source, byte[] prefix, OutputStream out) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] line : lines) {
            all.writeBytes(prefix);
            all.writeBytes(line);
            all.write('\n');
            recent.add(worker, source, new String(line, StandardCharsets.UTF_8).stripTrailing());
        }
        try {
            all.writeTo(out); // at once, so that lines of others do not come between
        } catch (IOException e) {
            if (!complained) {
                complained = true;
                log.warn(
                        "what workers print is lost, for the output of the primary cannot be written: {}",
                        e.toString());
            }
        }
    }

    private void ended(Stream stream) {
        streams.remove(stream);
        stream.end().tryEmitEmpty();
    }

    /** Keeps it for those who read the recent lines. */
    void happened(ClusterEvent event) {
        String what = words(event);
        if (!what.isEmpty()) {
            recent.add(event.worker().id(), RecentLines.Source.PRIMARY, event.worker() + " " + what);
        }
    }

    private static String words(ClusterEvent event) {
        if (event instanceof ClusterEvent.Forked) {
            return "started";
        } else if (event instanceof ClusterEvent.Online) {
            return "is online";
        } else if (event instanceof ClusterEvent.Listening listening) {
            return "listens on " + ListenAddress.show(listening.address());
        } else if (event instanceof ClusterEvent.Standby) {
            return "stands by";
        } else if (event instanceof ClusterEvent.Ready) {
            return "is ready";
        } else if (event instanceof ClusterEvent.Disconnected) {
            return "has disconnected";
        } else if (event instanceof ClusterEvent.Exited exited) {
            return exited.signal().map(signal -> "was ended by " + signal).orElse("exited with code " + exited.code())
                    + (exited.exitedAfterDisconnect() ? "" : ", unasked");
        }
        return ""; // messages
    }

    /** Completes on the loop when all that was printed is written, after a second at the latest. No worker is left. */
    Mono<Void> end() {
        return Mono.defer(() -> Mono.when(
                        streams.stream().map(stream -> stream.end().asMono()).toList()))
                .timeout(PrimaryTimes.LAST_WORDS, Mono.empty(), loop)
                .publishOn(loop)
                .doFinally(how -> close());
    }

    private void close() {
        streams.forEach(stream -> stream.reading().dispose());
        recent.end();
        Scheduler open = writer;
        if (open != null) {
            Schedulers.boundedElastic().schedule(open::dispose); // it takes a lock
        }
    }
}
