// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.spindle.loop.EventLoop;
import io.spindle.loop.EventLoopSpec;
import io.spindle.process.ipc.ChannelServer;
import java.util.Map;
import java.util.function.Supplier;
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

    private PrimaryStart() {}

    /**
     * Starts a cluster.
     *
     * @param environment where a service manager is named that should be told, see {@link ServiceNotices}
     */
    static Mono<Primary> of(PrimarySpec spec, Map<String, String> environment) {
        return EventLoop.onCurrent(Mono.defer(() -> {
            ShutdownHook hook = ShutdownHook.add(); // first: it may be too late, and then nothing is there to remove
            EventLoop loop = EventLoopSpec.of("spindle-primary")
                    .blockedThreshold(PrimaryTimes.SLOW)
                    .start();
            Disposable.Swap claim = Disposables.swap(); // on the place of the control socket
            Disposable held = Disposables.composite(claim, hook);
            Disposable begun = Disposables.composite(held, loop);
            return Mono.fromRunnable(
                            () -> spec.controlSocket().map(AdminPath::prepare).ifPresent(claim::update))
                    .subscribeOn(Schedulers.boundedElastic())
                    .then(ChannelServer.bind(loop))
                    .publishOn(loop)
                    .flatMap(server -> launch(() -> new DefaultPrimary(spec, loop, held, server, environment), server))
                    .doOnNext(hook::guard)
                    .doOnError(error -> begun.dispose()) // after the hop: the error itself needs the loop
                    .doOnCancel(begun::dispose)
                    .doOnDiscard(ChannelServer.class, ChannelServer::dispose)
                    .doOnDiscard(Primary.class, Primary::dispose);
        }));
    }

    private static Mono<Primary> launch(Supplier<DefaultPrimary> opened, ChannelServer server) {
        try {
            DefaultPrimary primary = opened.get();
            primary.launch();
            return Mono.just(primary);
        } catch (RuntimeException e) { // also of Netty, which may have no descriptor left
            server.dispose();
            return server.onDispose().onErrorComplete().then(Mono.error(e));
        }
    }
}
