// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.spindle.loop.EventLoop;
import io.spindle.process.ExitStatus;
import io.spindle.process.Signal;
import io.spindle.process.ipc.Channel;
import io.spindle.process.ipc.ChannelServer;
import io.spindle.process.ipc.Message;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * The supervisor. All decisions are made on its loop, one after the other.
 *
 * <pre>
 *   fork → online → listening → … → gone → replaced, at once by one in standby, else after a delay
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
    private final ServiceNotices notices;
    private final AdminSocket admin;
    private final Disposable held; // until the end
    private final long startedNanos = System.nanoTime();
    private final Events events = new Events();
    private final Counts counts = new Counts();
    private final WorkerMeters meters;
    private final Places places;
    private final Standbys standbys;
    private final Reloads reloads;
    private final Map<Integer, DefaultClusterWorker> workers = new ConcurrentSkipListMap<>();
    private final Sinks.One<Integer> exit = Sinks.one();
    private volatile boolean ended;

    // Loop only.
    private int lastId;
    private int forking;
    private boolean everListened;
    private boolean ending;
    private boolean closing;
    private @Nullable ClusterException failure;

    /**
     * Opens its sockets; on the loop.
     *
     * @param held what is held for it, disposed at its end
     * @param environment where a service manager is named that should be told, see {@link ServiceNotices}
     */
    DefaultPrimary(
            PrimarySpec spec, EventLoop loop, Disposable held, ChannelServer server, Map<String, String> environment) {
        this.spec = spec;
        this.loop = loop;
        this.meters = new WorkerMeters(loop);
        this.held = held;
        this.server = server;
        this.listeners = new Listeners(loop, server, spec.listening());
        this.processes = new WorkerProcess(spec, loop, server);
        this.places = new Places(spec.restart());
        Crew crew = new Crew();
        this.standbys = new Standbys(places, crew, this::serves);
        this.reloads = new Reloads(crew, counts, loop, this::changed);
        Path path = spec.controlSocket().orElseGet(() -> server.socket().resolveSibling(AdminSocket.NAME));
        this.notices = ServiceNotices.of(loop, environment);
        AdminCommands commands = new AdminCommands(this, this::status, processes.recentLines());
        this.admin = AdminSocket.open(loop, path, commands, AdminSocket.PATIENCE);
    }

    /** Begins; on the loop. */
    void launch() {
        events.tell(processes::happened);
        events.tell(spec.onEvent());
        places.growTo(spec.workers()).forEach(this::fork);
        places.addStandbys(spec.standby());
        changed();
    }

    private void fork(Place place) {
        forking++;
        place.forkBegins();
        int id = ++lastId;
        boolean standby = place.isStandby(); // what it is told; its place may be another's by then
        processes
                .start(id, place.slot(), standby)
                .subscribe(started -> forked(id, place, standby, started), error -> notForked(place, error));
    }

    private void forked(int id, Place place, boolean standby, WorkerProcess.Started started) {
        forking--;
        place.forkEnds();
        boolean surplus = !at(place).isEmpty() && !reloads.awaits(place);
        DefaultClusterWorker worker =
                new DefaultClusterWorker(id, reloads.generation(), place, events, loop, spec, started.process());
        worker.held(standby);
        workers.put(id, worker);
        counts.forked(worker);
        events.happened(new ClusterEvent.Forked(worker));
        worker.limitStart();
        started.channel().subscribe(channel -> online(worker, channel), revoked -> {});
        worker.gone().doOnNext(status -> server.revoke(started.invitation())).subscribe(status -> gone(worker, status));
        if (ending) {
            worker.kill(Signal.KILL);
        } else if (place.isRetired() || surplus) { // the reload that wanted it has failed meanwhile
            worker.drain(DrainTimes.IDLE);
        } else {
            reloads.advance();
        }
    }

    private void notForked(Place place, Throwable error) {
        forking--;
        place.forkEnds();
        place.notStarted(error);
        log.error("[place {}] {}", place.slot(), place.lastEnd());
        reloads.notForked(place);
        fill(place);
        changed();
    }

    private void online(DefaultClusterWorker worker, Channel channel) {
        channel.onRequest(Control.LISTEN, message -> listeners.listen(message.as(Control.Listen.class), worker));
        channel.onRequest(Control.LISTENING, message -> Mono.fromRunnable(() -> listening(worker, message)));
        channel.onRequest(
                Control.FAILED, message -> Mono.fromRunnable(() -> failed(worker, message.as(Control.Failure.class))));
        channel.onRequest(Control.READY, message -> Mono.fromRunnable(() -> ready(worker)));
        channel.onRequest(Control.LEAVING, message -> Mono.fromRunnable(() -> leaving(worker)));
        spec.requests().forEach((subject, handler) -> channel.onRequest(subject, asked -> handler.apply(this, asked)));
        meters.online(worker, channel);
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

    private void listening(DefaultClusterWorker worker, Message message) {
        Control.Listener listener = message.as(Control.Listener.class);
        everListened = true;
        worker.advance(WorkerState.LISTENING);
        events.happened(new ClusterEvent.Listening(worker, ListenAddress.of(listener.host(), listener.port())));
    }

    private void ready(DefaultClusterWorker worker) {
        if (worker.place().isStandby()) {
            worker.standsBy(reason -> recycle(worker, reason));
            events.happened(new ClusterEvent.Standby(worker));
            standbys.warm();
        } else {
            serves(worker);
        }
        reloads.advance();
        changed();
    }

    private void serves(DefaultClusterWorker worker) {
        worker.ready(reason -> recycle(worker, reason));
        listeners.refresh();
        events.happened(new ClusterEvent.Ready(worker));
    }

    private void leaving(DefaultClusterWorker worker) {
        worker.place().retire();
        worker.leaving();
        changed();
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
        meters.gone(worker);
        events.happened(new ClusterEvent.Exited(worker, status.code(), status.signal(), !worker.isWanted()));
        if (worker.isWanted()) {
            worker.place().ended(worker, status);
        }
        reloads.gone(worker);
        fill(worker.place());
        changed();
    }

    /** Sees to a place that may have lost its last worker. */
    private void fill(Place place) {
        if (place.isForking() || !at(place).isEmpty()) {
            return;
        }
        if (!ending && !place.isRetired() && !place.isStandby()) {
            standbys.takeOver(place);
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
        if (!ending && places.areAllStandbys()) { // nobody is left whom they could follow
            places.standbys().forEach(standby -> {
                standby.retire();
                release(standby);
            });
        }
        endIfEmpty();
    }

    private void replace(Place place) {
        if (ending || place.isRetired()) {
            vacate(place);
        } else if (places.areAllBroken() && workers.values().stream().noneMatch(DefaultClusterWorker::isServing)) {
            fail(place.verdict());
        } else {
            Duration delay = place.delay();
            log.info("[place {}] {}; next start in {} ms", place.slot(), place.lastEnd(), delay.toMillis());
            place.awaits(Mono.delay(delay, loop).subscribe(now -> {
                place.stopWaiting();
                if (place.isStandby()) {
                    changed();
                } else if (!ending) {
                    fork(place);
                }
            }));
        }
    }

    /** On the loop. Who scales waits for the end of a reload, who reloads for that of a recycling. */
    private Mono<Void> startReload() {
        if (ending) {
            return Mono.never(); // its end is told by the exit
        }
        if (reloads.isRecycling()) {
            return reloads.idle().then(Mono.defer(this::startReload));
        }
        notices.reloadBegins();
        return reloads.replaceAll(places.kept(), spec.watch());
    }

    private void recycle(DefaultClusterWorker worker, String reason) {
        if (!ending) {
            reloads.recycle(worker, reason);
        }
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
        if (reloads.isRunning()) {
            return reloads.idle().then(Mono.defer(() -> scaleTo(count)));
        }
        List<Place> leaving = places.shrinkTo(count);
        List<Place> added = places.growTo(count);
        leaving.forEach(this::release);
        added.forEach(this::fork);
        changed();
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
        changed();
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
        Mono<Void> unlinked = listeners.close();
        events.complete();
        processes
                .lastWords() // first: who reads them by the control socket gets them all
                .then(Mono.defer(admin::close)) // its file is in the directory of the server
                .then(Mono.defer(() -> {
                    server.dispose();
                    return server.onDispose().onErrorComplete().and(unlinked);
                }))
                .subscribe(null, null, this::ended);
    }

    private void ended() {
        ended = true;
        notices.close();
        held.dispose();
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

    private PrimaryState state() {
        if (ending) {
            return PrimaryState.STOPPING;
        }
        return reloads.isRunning() ? PrimaryState.RELOADING : PrimaryState.RUNNING;
    }

    private void changed() {
        long ready = workers.values().stream()
                .filter(worker -> worker.state() == WorkerState.READY)
                .count();
        notices.tell(state(), ready, wanted());
        if (!ending) {
            standbys.fill();
        }
    }

    private AdminStatus status() {
        long up = System.nanoTime() - startedNanos;
        return AdminStatus.of(state().word(), up, metrics(), listeners.addresses(), workers.values());
    }

    @Override
    public Path controlSocket() {
        return admin.path();
    }

    @Override
    public List<ClusterWorker> workers() {
        return List.copyOf(workers.values());
    }

    @Override
    public int wanted() {
        return places.serving().size();
    }

    @Override
    public ClusterMetrics metrics() {
        return counts.snapshot(wanted());
    }

    @Override
    public Mono<List<ClusterMeter>> meters() {
        return EventLoop.onCurrent(meters.all());
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
            changed();
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
