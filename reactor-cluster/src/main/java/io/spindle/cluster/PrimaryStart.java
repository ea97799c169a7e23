// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.spindle.loop.EventLoop;
import io.spindle.loop.EventLoopSpec;
import io.spindle.process.ipc.ChannelServer;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * The start of a primary: all of it or nothing.
 *
 * <pre>
 *   shutdown hook → loop → place of the control socket → private directory → sockets → workers
 * </pre>
 */
final class PrimaryStart {

    private final PrimarySpec spec;
    private final Map<String, String> environment;
    private final ShutdownHook hook;
    private final EventLoop loop;
    private final Disposable.Swap claim = Disposables.swap(); // on the place of the control socket
    private final Disposable held;
    private final AtomicBoolean decided = new AtomicBoolean(); // it is the subscriber's, or is undone
    private @Nullable Primary launched; // on the loop, and after it

    private PrimaryStart(PrimarySpec spec, Map<String, String> environment, ShutdownHook hook, EventLoop loop) {
        this.spec = spec;
        this.environment = environment;
        this.hook = hook;
        this.loop = loop;
        held = Disposables.composite(claim, hook);
    }

    /**
     * Starts a cluster.
     *
     * @param environment where a service manager is named that should be told, see {@link ServiceNotices}
     */
    static Mono<Primary> of(PrimarySpec spec, Map<String, String> environment) {
        return EventLoop.onCurrent(Mono.defer(() -> begin(spec, environment).start()))
                .doOnDiscard(Primary.class, Primary::dispose);
    }

    private static PrimaryStart begin(PrimarySpec spec, Map<String, String> environment) {
        ShutdownHook hook = ShutdownHook.add(); // first: it may be too late, and then there is nothing to undo
        try {
            EventLoop loop = EventLoopSpec.of("spindle-primary")
                    .blockedThreshold(PrimaryTimes.SLOW)
                    .start();
            return new PrimaryStart(spec, environment, hook, loop);
        } catch (RuntimeException | Error e) { // there may be no descriptor, or no thread, left
            hook.dispose();
            throw e;
        }
    }

    private Mono<Primary> start() {
        Mono<ChannelServer> server = Mono.fromRunnable(
                        () -> spec.controlSocket().map(AdminPath::prepare).ifPresent(claim::update))
                .subscribeOn(Schedulers.boundedElastic())
                .then(ChannelServer.bind(loop));
        return loop.adopt(server)
                .flatMap(this::launch)
                .doOnError(error -> undo()) // after the hop: the error itself needs the loop
                .doFinally(end -> undoUnlessGiven()) // after the cancel has got to the loop: none is told of its end
                .doOnDiscard(ChannelServer.class, ChannelServer::dispose);
    }

    private Mono<Primary> launch(ChannelServer server) {
        try {
            DefaultPrimary primary = new DefaultPrimary(spec, loop, held, server, environment);
            primary.launch();
            launched = primary;
            hook.guard(primary);
            if (decided.compareAndSet(false, true)) {
                return Mono.just(primary);
            }
            primary.dispose(); // it was cancelled meanwhile: nobody else would
            return Mono.empty();
        } catch (RuntimeException e) { // also of Netty, which may have no descriptor left
            server.dispose();
            return server.onDispose().onErrorComplete().then(Mono.error(e));
        }
    }

    /** Any thread. On the loop, where it is known how far it has come. */
    private void undoUnlessGiven() {
        if (decided.compareAndSet(false, true)) {
            try {
                loop.schedule(this::undo);
            } catch (RejectedExecutionException undone) {
                return; // by an error
            }
        }
    }

    private void undo() {
        if (launched == null) {
            held.dispose();
            loop.dispose();
        }
    }
}
