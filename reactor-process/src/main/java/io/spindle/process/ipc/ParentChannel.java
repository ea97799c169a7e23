// SPDX-License-Identifier: Apache-2.0
package io.spindle.process.ipc;

import io.netty.channel.unix.FileDescriptor;
import io.spindle.loop.EventLoop;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A child's end of the channel to its parent: what is awaited of it keeps the JVM alive, and its loss ends that. */
final class ParentChannel implements Channel {

    private static final Logger log = LoggerFactory.getLogger(Channel.class);
    private static final int LOST_CODE = 1;
    private static final long HOOKS_NANOS = Duration.ofSeconds(3).toNanos();

    private final DefaultChannel channel;
    private final KeepAlive keepAlive;
    private final AtomicInteger watchers = new AtomicInteger();
    private volatile boolean left;
    private volatile boolean watched;

    /**
     * Takes over a channel.
     *
     * @param loop of this channel alone; it ends when nothing is left to do on it
     */
    ParentChannel(DefaultChannel channel, KeepAlive keepAlive, EventLoop loop) {
        this.channel = channel;
        this.keepAlive = keepAlive;
        channel.end() // before those who watch are told: after that they do not count any more
                .onErrorComplete()
                .subscribe(none -> {}, error -> {}, () -> watched = watchers.get() > 0);
        channel.onDispose() // after them: the end of this JVM may follow
                .doFinally(signal -> loop.disposeGracefully().subscribe())
                .subscribe(
                        null,
                        breach -> ended("the channel to the parent of this process has failed: " + breach.getMessage()),
                        () -> ended("the parent of this process has died"));
    }

    private void ended(String why) {
        boolean lost = !left && !channel.isDisconnected() && !watched;
        if (lost) {
            exit(why);
        } else {
            keepAlive.end();
        }
    }

    /** Hooks have a little time; whatever they do, an orphan ends. */
    private static void exit(String why) {
        log.warn("{}; exit with code {}", why, LOST_CODE);
        start("spindle-fork-exit", () -> System.exit(LOST_CODE));
        start("spindle-fork-halt", () -> {
            long end = System.nanoTime() + HOOKS_NANOS;
            for (long rest = HOOKS_NANOS; rest > 0; rest = end - System.nanoTime()) {
                LockSupport.parkNanos(rest);
            }
            Runtime.getRuntime().halt(LOST_CODE);
        });
    }

    private static void start(String name, Runnable body) {
        Thread thread = new Thread(body, name);
        thread.setDaemon(true);
        thread.start();
    }

    void startReading() {
        channel.startReading();
    }

    /** After the end of the channel {@link #ended} alone says when, and with which code, this JVM is to end. */
    private void release(Disposable hold) {
        if (!channel.isDisposed()) {
            hold.dispose();
        }
    }

    private <T> Mono<T> held(Mono<T> source) {
        return Mono.using(keepAlive::hold, hold -> source, this::release, false);
    }

    @Override
    public Mono<Void> send(Object message) {
        return held(channel.send(message));
    }

    @Override
    public Mono<Void> send(Object message, FileDescriptor descriptor) {
        return held(channel.send(message, descriptor));
    }

    @Override
    public Flux<Message> receive() {
        return Flux.using(keepAlive::hold, hold -> channel.receive(), this::release, false);
    }

    @Override
    public Mono<Message> request(String subject, Object message) {
        return held(channel.request(subject, message));
    }

    /** A handler is for as long as the channel. */
    @Override
    public void onRequest(String subject, Function<Message, Mono<Reply>> handler) {
        channel.onRequest(subject, handler);
        keepAlive.hold();
    }

    @Override
    public Mono<Void> disconnect() {
        return held(channel.disconnect());
    }

    @Override
    public boolean isDisconnected() {
        return channel.isDisconnected();
    }

    @Override
    public void dispose() {
        left = true;
        channel.dispose();
    }

    @Override
    public Mono<Void> onDispose() {
        return held(Mono.using(
                watchers::incrementAndGet, count -> channel.onDispose(), count -> watchers.decrementAndGet(), false));
    }

    @Override
    public boolean isDisposed() {
        return channel.isDisposed();
    }
}
