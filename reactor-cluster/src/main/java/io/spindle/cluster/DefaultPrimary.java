// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.spindle.loop.EventLoop;
import io.spindle.loop.EventLoopSpec;
import io.spindle.process.ChildProcess;
import io.spindle.process.ExitStatus;
import io.spindle.process.Signal;
import io.spindle.process.ipc.Channel;
import io.spindle.process.ipc.ChannelServer;
import io.spindle.process.ipc.Invitation;
import io.spindle.process.ipc.Message;
import io.spindle.process.ipc.Reply;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

/**
 * The supervisor. All decisions are made on its loop, one after the other.
 *
 * <pre>
 *   fork → online → listening → … → gone → replaced, after a delay
 *                                      └→ not replaced: it was disconnected, its place is retired, or the cluster is ending
 *   ending: no worker left, none on its way → sockets closed, directory removed → exit code or error
 * </pre>
 */
final class DefaultPrimary implements Primary {

    private static final Logger log = LoggerFactory.getLogger(Cluster.class);

    private final PrimarySpec spec;
    private final EventLoop loop;
    private final ChannelServer server;
    private final Listeners listeners;
    private final WorkerProcess processes;
    private final Events events = new Events();
    private final Counts counts = new Counts();
    private final Places places;
    private final Map<Integer, DefaultClusterWorker> workers = new ConcurrentSkipListMap<>();
    private final Sinks.One<Integer> exit = Sinks.one();
    private final Thread shutdownHook = new Thread(this::shutdown, "spindle-primary-shutdown");
    private volatile boolean ended;

    // Loop only.
    private int lastId;
    private int generation;
    private int forking;
    private boolean everListened;
    private boolean ending;
    private boolean closing;
    private @Nullable ClusterException failure;
    private @Nullable Reload reload;
    private boolean recycling; // the reload is of one place

    private DefaultPrimary(PrimarySpec spec, EventLoop loop, ChannelServer server) {
        this.spec = spec;
        this.loop = loop;
        this.server = server;
        this.listeners = new Listeners(loop, server, spec.listening());
        this.processes = new WorkerProcess(spec, loop);
        this.places = new Places(spec.restart());
    }

    static Mono<Primary> start(PrimarySpec spec) {
        return EventLoop.onCurrent(Mono.defer(() -> {
            EventLoop loop = EventLoopSpec.of("spindle-primary")
                    .blockedThreshold(PrimaryTimes.SLOW)
                    .start();
            return ChannelServer.bind(loop)
                    .publishOn(loop)
                    .<Primary>map(server -> new DefaultPrimary(spec, loop, server).launch())
                    .doOnError(error -> loop.dispose()) // after the hop: the error itself needs the loop
                    .doOnCancel(loop::dispose)
                    .doOnDiscard(Primary.class, Primary::dispose);
        }));
    }

    private DefaultPrimary launch() {
        Runtime.getRuntime().addShutdownHook(shutdownHook);
        events.tell(spec.onEvent());
        places.growTo(spec.workers()).forEach(this::fork);
        return this;
    }

    private void fork(Place place) {
        forking++;
        place.forkBegins();
        int id = ++lastId;
        Mono.fromCallable(server::invite) // asks the system for random bytes, which may block
                .subscribeOn(Schedulers.boundedElastic())
                .publishOn(loop)
                .subscribe(invitation -> spawn(id, place, invitation), error -> notForked(place, error));
    }

    private void spawn(int id, Place place, Invitation invitation) {
        Mono<Channel> accepted = server.accept(invitation); // now: it may come before we hear of the process
        processes
                .spawn(role(id, place, invitation))
                .doOnError(error -> server.revoke(invitation))
                .subscribe(
                        process -> forked(id, place, invitation, accepted, process), error -> notForked(place, error));
    }

    private Role role(int id, Place place, Invitation invitation) {
        return new Role(id, place.slot(), ProcessHandle.current().pid(), spec.grace(), invitation);
    }

    private void forked(int id, Place place, Invitation invitation, Mono<Channel> accepted, ChildProcess process) {
        forkEnded(place);
        boolean surplus = !at(place).isEmpty() && (reload == null || !reload.awaits(place));
        DefaultClusterWorker worker = new DefaultClusterWorker(id, generation, place, events, loop, spec, process);
        workers.put(id, worker);
        counts.forked(worker);
        events.happened(new ClusterEvent.Forked(worker));
        worker.limitStart();
        accepted.subscribe(channel -> online(worker, channel), revoked -> {});
        worker.gone().doOnNext(status -> server.revoke(invitation)).subscribe(status -> gone(worker, status));
        if (ending) {
            worker.kill(Signal.KILL);
        } else if (place.isRetired() || surplus) { // the reload that wanted it has failed meanwhile
            worker.drain(DrainTimes.IDLE);
        } else if (reload != null) {
            reload.advance();
        }
    }

    private void forkEnded(Place place) {
        forking--;
        place.forkEnds();
    }

    private void notForked(Place place, Throwable error) {
        forkEnded(place);
        place.notStarted(error);
        log.error("[place {}] {}", place.slot(), place.lastEnd());
        if (reload != null) {
            reload.notForked(place);
        }
        fill(place);
    }

    private void online(DefaultClusterWorker worker, Channel channel) {
        channel.onRequest(Control.LISTEN, message -> listeners.listen(message.as(Control.Listen.class), worker));
        channel.onRequest(Control.LISTENING, message -> told(() -> listening(worker, message)));
        channel.onRequest(Control.FAILED, message -> told(() -> failed(worker, message.as(Control.Failure.class))));
        channel.onRequest(Control.READY, message -> told(() -> ready(worker)));
        channel.onRequest(
                Control.LEAVING,
                message -> told(() -> {
                    worker.place().retire();
                    worker.leaving();
                }));
        spec.requests().forEach((subject, handler) -> channel.onRequest(subject, asked -> handler.apply(this, asked)));
        worker.connected(channel);
        worker.place().onlineNow();
        events.happened(new ClusterEvent.Online(worker));
        events.online(worker);
        channel.onDispose()
                .onErrorResume(error -> {
                    log.warn("[{}] channel closed: {}", worker, error.getMessage());
                    return Mono.empty();
                })
                .subscribe(null, null, () -> disconnected(worker));
    }

    private static Mono<Reply> told(Runnable action) {
        return Mono.fromRunnable(action);
    }

    private void listening(DefaultClusterWorker worker, Message message) {
        Control.Listener listener = message.as(Control.Listener.class);
        everListened = true;
        worker.advance(WorkerState.LISTENING);
        events.happened(new ClusterEvent.Listening(worker, new InetSocketAddress(listener.host(), listener.port())));
    }

    private void ready(DefaultClusterWorker worker) {
        worker.ready(reason -> recycle(worker, reason));
        listeners.refresh();
        events.happened(new ClusterEvent.Ready(worker));
        if (reload != null) {
            reload.advance();
        }
    }

    private void failed(DefaultClusterWorker worker, Control.Failure why) {
        worker.complain(why.reason());
        if (why.bind() && !everListened) {
            fail("the cluster cannot start: " + why.reason());
        } else {
            log.warn("[{}] its program failed: {}", worker, why.reason());
        }
    }

    private void disconnected(DefaultClusterWorker worker) {
        worker.advance(WorkerState.DISCONNECTED);
        events.happened(new ClusterEvent.Disconnected(worker));
    }

    private void gone(DefaultClusterWorker worker, ExitStatus status) {
        workers.remove(worker.id()); // first: whoever waits for its end finds it gone
        worker.dead(status);
        counts.gone(worker);
        events.happened(new ClusterEvent.Exited(worker, status.code(), status.signal(), !worker.isWanted()));
        if (worker.isWanted()) {
            worker.place().ended(worker, status);
        }
        if (reload != null) {
            reload.gone(worker);
        }
        fill(worker.place());
    }

    /** Sees to a place that may have lost its last worker. */
    private void fill(Place place) {
        if (place.isForking() || !at(place).isEmpty()) {
            return;
        }
        replace(place);
    }

    private List<DefaultClusterWorker> at(Place place) {
        return workers.values().stream()
                .filter(worker -> worker.place() == place)
                .toList();
    }

    private void vacate(Place place) {
        places.remove(place);
        if (!ending) {
            place.vacantNow();
        }
        endIfEmpty();
    }

    private void replace(Place place) {
        if (ending || place.isRetired()) {
            vacate(place);
        } else if (places.areAllBroken()) {
            fail(place.verdict());
        } else {
            Duration delay = place.delay();
            log.info("[place {}] {}; next start in {} ms", place.slot(), place.lastEnd(), delay.toMillis());
            place.awaits(Mono.delay(delay, loop).subscribe(now -> {
                place.stopWaiting();
                if (!ending) {
                    fork(place);
                }
            }));
        }
    }

    /** On the loop. One at a time: who scales waits, who reloads is refused. */
    private Mono<Void> startReload() {
        if (ending) {
            return Mono.never(); // its end is told by the exit
        }
        if (reload != null) {
            return recycling
                    ? reload.done().onErrorComplete().then(Mono.defer(this::startReload))
                    : Mono.error(new ClusterException("a reload is running already"));
        }
        log.info("all workers are being replaced");
        return counts.reload(replaceWorkers(places.kept(), spec.watch()));
    }

    private Mono<Void> replaceWorkers(List<Place> chosen, Duration watch) {
        generation++;
        Reload started = new Reload(new Crew(), generation, chosen, watch, loop);
        reload = started;
        started.advance();
        return started.done().doFinally(end -> {
            reload = null;
            recycling = false;
        });
    }

    /** One place at a time, and not while all are replaced. Whoever is due still is at its next heartbeat. */
    private void recycle(DefaultClusterWorker worker, String reason) {
        if (ending || reload != null || worker.place().isRetired()) {
            return;
        }
        log.info("[{}] is being recycled: {}", worker, reason);
        recycling = true;
        replaceWorkers(List.of(worker.place()), Duration.ZERO)
                .subscribe(null, failed -> log.warn("{}", failed.getMessage()), counts::recycled);
    }

    /** What a reload may do here. */
    private final class Crew implements Reload.Crew {

        @Override
        public List<DefaultClusterWorker> at(Place place) {
            return DefaultPrimary.this.at(place);
        }

        @Override
        public void fork(Place place) {
            place.stopWaiting();
            DefaultPrimary.this.fork(place);
        }

        @Override
        public void pause(DefaultClusterWorker worker, boolean paused) {
            worker.pause(paused);
            listeners.refresh();
        }
    }

    /** On the loop. */
    private Mono<Void> scaleTo(int count) {
        if (ending) {
            return Mono.never(); // its end is told by the exit
        }
        if (reload != null) {
            return reload.done().onErrorComplete().then(Mono.defer(() -> scaleTo(count)));
        }
        List<Place> leaving = places.shrinkTo(count);
        List<Place> added = places.growTo(count);
        leaving.forEach(this::release);
        added.forEach(this::fork);
        return Mono.when(leaving.stream().map(Place::vacant).toList())
                .and(Mono.when(added.stream().map(Place::online).toList()));
    }

    /** Lets the worker of a retired place go. One that is being forked is let go when it is there. */
    private void release(Place place) {
        if (place.isWaiting()) {
            place.stopWaiting();
            vacate(place);
        } else {
            at(place).forEach(worker -> worker.drain(DrainTimes.IDLE));
        }
    }

    private void fail(String verdict) {
        if (failure == null && !ending) {
            failure = new ClusterException(verdict);
            kill();
        }
    }

    private void kill() {
        ending = true;
        workers.values().forEach(worker -> worker.kill(Signal.KILL));
        endIfEmpty();
    }

    private void endIfEmpty() {
        boolean expectsOne = forking > 0 || (!ending && places.isOneWaiting());
        if (!workers.isEmpty() || expectsOne || closing) {
            return;
        }
        closing = true;
        ending = true;
        listeners.close();
        events.complete();
        server.dispose();
        server.onDispose().onErrorComplete().subscribe(null, null, this::ended);
    }

    private void ended() {
        ended = true;
        removeShutdownHook();
        if (failure != null) {
            exit.tryEmitError(failure);
        } else {
            exit.tryEmitValue(0);
        }
        // Not at once: whoever subscribed on this loop hears of the end by a task that is posted to it.
        loop.disposeGracefully()
                .timeout(PrimaryTimes.LAST_WORDS, Mono.fromRunnable(loop::dispose))
                .subscribe();
    }

    private void removeShutdownHook() {
        try {
            Runtime.getRuntime().removeShutdownHook(shutdownHook);
        } catch (IllegalStateException e) {
            log.trace("the JVM is shutting down", e);
        }
    }

    /** In the hook: the JVM ends, so the workers do, and the directory goes. */
    private void shutdown() {
        dispose();
        try {
            exit.asMono().onErrorComplete().toFuture().get(PrimaryTimes.SHUTDOWN.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            log.debug("the workers will end by themselves", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public List<ClusterWorker> workers() {
        return List.copyOf(workers.values());
    }

    @Override
    public int wanted() {
        return places.kept().size();
    }

    @Override
    public ClusterMetrics metrics() {
        return counts.snapshot(wanted());
    }

    @Override
    public Flux<ClusterEvent> events() {
        return events.all();
    }

    @Override
    public Flux<ClusterEvent.Message> messages() {
        return events.messages();
    }

    @Override
    public Mono<Void> broadcast(Object message) {
        return EventLoop.onCurrent(Flux.defer(() -> Flux.fromIterable(workers.values()))
                .filter(DefaultClusterWorker::isConnected)
                .flatMap(worker -> worker.send(message).onErrorComplete(error -> !worker.isConnected()))
                .then());
    }

    @Override
    public Mono<Void> scale(int count) {
        PrimarySpec.checkWorkers(count);
        return untilTheEnd("scaled", () -> scaleTo(count));
    }

    @Override
    public Mono<Void> reload() {
        return untilTheEnd("reloaded", this::startReload);
    }

    /** Starts something on the loop at each subscription; it goes on when the subscriber has gone. */
    private Mono<Void> untilTheEnd(String what, Supplier<Mono<Void>> action) {
        return EventLoop.onCurrent(Mono.defer(() -> {
            Sinks.Empty<Void> done = Sinks.empty();
            onLoop(() -> action.get().subscribe(null, done::tryEmitError, done::tryEmitEmpty));
            Mono<Void> end = exit.asMono()
                    .onErrorComplete()
                    .then(Mono.error(() -> new ClusterException("the cluster cannot be " + what + ": it has ended")));
            return Mono.firstWithSignal(done.asMono(), end);
        }));
    }

    @Override
    public Mono<Integer> exit() {
        return EventLoop.onCurrent(exit.asMono());
    }

    @Override
    public Mono<Void> disposeGracefully() {
        return EventLoop.onCurrent(Mono.defer(() -> {
            onLoop(this::stop);
            return exit.asMono().onErrorComplete().then();
        }));
    }

    private void stop() {
        if (!ending) {
            ending = true;
            workers.values().forEach(worker -> worker.drain(DrainTimes.IDLE_AT_THE_END));
            endIfEmpty();
        }
    }

    @Override
    public void dispose() {
        onLoop(this::kill);
    }

    private void onLoop(Runnable task) {
        if (!ended) {
            loop.schedule(task);
        }
    }

    @Override
    public boolean isDisposed() {
        return ended;
    }
}
