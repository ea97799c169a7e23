// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.netty.channel.unix.FileDescriptor;
import io.spindle.loop.EventLoop;
import io.spindle.process.ipc.Channel;
import io.spindle.process.ipc.Message;
import io.spindle.process.ipc.Reply;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.netty.resources.LoopResources;

/** A worker's end of the channel, its servers and its drain. */
final class DefaultWorkerContext implements WorkerContext {

    private static final Duration FAREWELL = Duration.ofSeconds(2);

    private final Role role;
    private final EventLoop loop;
    private final Channel channel;
    private final Connections connections;
    private final LoopResources resources;
    private final Map<String, AtomicInteger> anyPortCalls = new ConcurrentHashMap<>();
    private final AtomicBoolean draining = new AtomicBoolean();
    private final Sinks.Empty<Void> told = Sinks.empty();
    private final Sinks.Empty<Void> drained = Sinks.empty();

    DefaultWorkerContext(Role role, EventLoop loop, Channel channel) {
        this.role = role;
        this.loop = loop;
        this.channel = channel;
        this.connections = new Connections(loop);
        this.resources = resources(
                LoopResources.create("worker", Math.max(1, Runtime.getRuntime().availableProcessors()), true));
        channel.onRequest(Control.DRAIN, this::askedToDrain);
    }

    private Mono<Reply> askedToDrain(Message message) {
        Control.Drain request = message.as(Control.Drain.class);
        return Mono.fromRunnable(
                () -> drain(Duration.ofMillis(request.graceMillis()), Duration.ofMillis(request.idleMillis()), 0));
    }

    /** Leaves while others serve on: who is idle may send one more request. */
    void drain(Duration grace, int code) {
        drain(grace, DrainTimes.IDLE, code);
    }

    /** Stops accepting, waits for what runs, says farewell and exits. Once; any thread. */
    private void drain(Duration grace, Duration idle, int code) {
        if (!draining.compareAndSet(false, true)) {
            return;
        }
        told.tryEmitEmpty();
        connections
                .drain(grace, idle)
                .doOnTerminate(drained::tryEmitEmpty)
                .then(channel.disconnect().timeout(FAREWELL, loop).onErrorComplete())
                .subscribeOn(loop)
                .subscribe(null, error -> Exit.now(code), () -> Exit.now(code));
    }

    @Override
    public int id() {
        return role.id();
    }

    @Override
    public int slot() {
        return role.slot();
    }

    @Override
    public LoopResources resources() {
        return resources;
    }

    @Override
    public LoopResources resources(LoopResources loops) {
        return new SharedLoopResources(loops, this);
    }

    Connections connections() {
        return connections;
    }

    /** A socket that already listens, ours to close. */
    record Adopted(FileDescriptor descriptor, Control.Listener listener) {}

    /** Asks the primary for the socket that listens there. Signals on the channel's loop. */
    Mono<Adopted> adopt(InetSocketAddress wanted, int backlog) {
        if (wanted.isUnresolved()) {
            return Mono.error(new BindException("no such host: " + wanted.getHostString()));
        }
        String host = wanted.getAddress().getHostAddress();
        int index = wanted.getPort() == 0
                ? anyPortCalls.computeIfAbsent(host, any -> new AtomicInteger()).getAndIncrement()
                : 0;
        return channel.request(Control.LISTEN, new Control.Listen(host, wanted.getPort(), index, backlog))
                .flatMap(reply -> {
                    Control.Listener listener = reply.as(Control.Listener.class);
                    return listener.error().isEmpty()
                            ? Mono.just(new Adopted(reply.takeDescriptor().orElseThrow(), listener))
                            : Mono.error(new BindException(listener.error() + ": " + host + ":" + wanted.getPort()));
                });
    }

    /** Tells the primary that a server is bound. */
    void listening(Control.Listener listener) {
        channel.request(Control.LISTENING, listener).subscribe(reply -> {}, gone -> {});
    }

    @Override
    public Mono<Void> send(Object message) {
        return channel.send(message);
    }

    @Override
    public Flux<Message> receive() {
        return channel.receive();
    }

    @Override
    public <T> Flux<T> receive(Class<T> type) {
        return channel.receive(type);
    }

    @Override
    public Mono<Void> disconnect() {
        return EventLoop.onCurrent(channel.request(Control.LEAVING, "")
                .onErrorComplete()
                .then(Mono.fromRunnable(() -> drain(role.grace(), 0)))
                .then(drained.asMono()));
    }

    @Override
    public Mono<Void> onDrain() {
        return EventLoop.onCurrent(told.asMono());
    }
}
