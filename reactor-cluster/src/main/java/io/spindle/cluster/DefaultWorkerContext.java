// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.FileDescriptor;
import io.spindle.loop.EventLoop;
import io.spindle.process.ipc.Channel;
import io.spindle.process.ipc.Invitation;
import io.spindle.process.ipc.Message;
import io.spindle.process.ipc.Reply;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.netty.ConnectionObserver;
import reactor.netty.http.server.HttpServerState;
import reactor.netty.resources.LoopResources;

/** A worker's end of the channel, its servers and its drain. */
final class DefaultWorkerContext implements WorkerContext {

    private static final Duration FAREWELL = Duration.ofSeconds(2);
    private static final Duration LAST_METERS = Duration.ofMillis(500);
    private static final int FAILED_CODE = 1;

    private final Role role;
    private final EventLoop loop;
    private final Channel channel;
    private final Connections connections;
    private final Readiness readiness;
    private final Pulse pulse;
    private final LoopResources resources;
    private final Map<String, AtomicInteger> anyPortCalls = new ConcurrentHashMap<>();
    private final PublishedMeters meters = new PublishedMeters();
    private final AtomicBoolean draining = new AtomicBoolean();
    private volatile int exitCode;
    private final Sinks.Empty<Void> told = Sinks.empty();
    private final Sinks.Empty<Void> drained = Sinks.empty();

    DefaultWorkerContext(Role role, EventLoop loop, Channel channel) {
        this.role = role;
        this.loop = loop;
        this.channel = channel;
        this.connections = new Connections(loop);
        this.readiness = new Readiness(connections);
        this.pulse = new Pulse(connections);
        this.resources = resources(
                LoopResources.create("worker", Math.max(1, Runtime.getRuntime().availableProcessors()), true));
        readiness.pause(role.standby());
        channel.onRequest(Control.DRAIN, this::askedToDrain);
        channel.onRequest(
                Control.PAUSE, message -> Mono.fromRunnable(() -> readiness.pause(message.as(Boolean.class))));
        channel.onRequest(Control.METERS, message -> meters.read().map(Reply::of));
        channel.onRequest(Control.PING, message -> pulse.take().map(Reply::of));
        readiness.ready().then(channel.request(Control.READY, "")).subscribe(reply -> {}, gone -> {});
    }

    /** A server is bound, or the program has returned. */
    void serves() {
        readiness.up();
    }

    /** Tells the primary why, finishes what was accepted and exits. */
    void failed(Throwable error) {
        readiness.pause(true);
        channel.request(Control.FAILED, WorkerMain.failure(error))
                .then()
                .timeout(FAREWELL, loop)
                .onErrorComplete()
                .subscribe(null, null, () -> drain(role.grace(), DrainTimes.IDLE_AT_THE_END, FAILED_CODE));
    }

    @Override
    public void readyAfter(Mono<?> condition) {
        Objects.requireNonNull(condition, "condition");
        readiness.addCondition();
        condition.then().subscribe(null, this::failed, readiness::conditionHolds);
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
        exitCode = code;
        told.tryEmitEmpty();
        connections
                .drain(grace, idle)
                .doOnTerminate(drained::tryEmitEmpty)
                .then(Mono.defer(this::lastMeters))
                .then(channel.disconnect().timeout(FAREWELL, loop).onErrorComplete())
                .subscribeOn(loop)
                .subscribe(null, error -> Exit.now(code), () -> Exit.now(code));
    }

    @Override
    public Disposable publishMeters(Supplier<List<ClusterMeter>> published) {
        return meters.add(Objects.requireNonNull(published, "meters"));
    }

    /** What was counted since the primary asked last. */
    private Mono<Void> lastMeters() {
        return meters.isEmpty()
                ? Mono.empty()
                : meters.read()
                        .flatMap(read -> channel.request(Control.METERS, read))
                        .then()
                        .timeout(LAST_METERS, loop)
                        .onErrorComplete();
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

    @Override
    public ConnectionObserver requestCounter() {
        return (connection, state) -> {
            if (state == HttpServerState.REQUEST_RECEIVED) {
                connections.requested();
            }
        };
    }

    /** Completes when the channel has ended: by a drain, or because the primary has gone. */
    Mono<Void> onDisconnected() {
        return channel.onDispose().onErrorComplete();
    }

    /** The code to exit with then. */
    int exitCode() {
        return exitCode;
    }

    Pulse pulse() {
        return pulse;
    }

    Connections connections() {
        return connections;
    }

    /** What a server gets from the primary, its own to close: a socket, a channel, or nothing but an address. */
    record Adopted(
            Control.Listener listener,
            @Nullable FileDescriptor descriptor,
            @Nullable Channel handing) {

        int descriptorNumber() {
            return Objects.requireNonNull(descriptor, "descriptor").intValue();
        }

        Channel channel() {
            return Objects.requireNonNull(handing, "handing");
        }

        void discard() {
            try {
                if (descriptor != null) {
                    descriptor.close();
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            if (handing != null) {
                handing.dispose();
            }
        }
    }

    /** Asks the primary for the socket that listens there. Signals on the channel's loop. */
    Mono<Adopted> adopt(SocketAddress wanted, int backlog) {
        if (wanted instanceof InetSocketAddress address) {
            return adopt(address, backlog);
        }
        try {
            return adopt(ListenAddress.path((DomainSocketAddress) wanted), ListenAddress.NO_PORT, 0, backlog);
        } catch (BindException e) {
            return Mono.error(e);
        }
    }

    private Mono<Adopted> adopt(InetSocketAddress wanted, int backlog) {
        if (wanted.isUnresolved()) {
            return Mono.error(new BindException("no such host: " + wanted.getHostString()));
        }
        String host = wanted.getAddress().getHostAddress();
        int index = wanted.getPort() == 0
                ? anyPortCalls.computeIfAbsent(host, any -> new AtomicInteger()).getAndIncrement()
                : 0;
        return adopt(host, wanted.getPort(), index, backlog);
    }

    private Mono<Adopted> adopt(String host, int port, int index, int backlog) {
        return channel.request(Control.LISTEN, new Control.Listen(host, port, index, backlog))
                .flatMap(reply -> {
                    Control.Listener listener = reply.as(Control.Listener.class);
                    return listener.error().isEmpty()
                            ? adopted(listener, reply)
                            : Mono.error(new BindException(listener.error() + ": " + ListenAddress.text(host, port)));
                });
    }

    private Mono<Adopted> adopted(Control.Listener listener, Message reply) {
        return listener.invitation().isEmpty()
                ? Mono.just(new Adopted(listener, reply.takeDescriptor().orElse(null), null))
                : Channel.connect(Invitation.of(listener.invitation()), loop)
                        .map(handing -> new Adopted(listener, null, handing));
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
    public Mono<Message> request(String subject, Object message) {
        Control.checkFree(subject);
        return channel.request(subject, message);
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
    public Mono<Void> onReady() {
        return EventLoop.onCurrent(readiness.serving());
    }

    @Override
    public Mono<Void> onDrain() {
        return EventLoop.onCurrent(told.asMono());
    }
}
