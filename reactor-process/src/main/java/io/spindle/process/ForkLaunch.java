// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.channel.epoll.EpollIoHandle;
import io.spindle.loop.EventLoop;
import io.spindle.process.ipc.Channel;
import io.spindle.process.ipc.ChannelServer;
import io.spindle.process.ipc.Invitation;
import java.time.Duration;
import java.util.List;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;

/** One attempt to fork: a server for one guest, the child, and its arrival. Owned by its subscriber as a launch is. */
final class ForkLaunch {

    private final Fork fork;
    private final EventLoop here; // where everything is signalled
    private final EventLoop loop; // that serves the channel: the same, if it can
    private final Disposable.Swap owned = Disposables.swap();

    private ForkLaunch(Fork fork, EventLoop here) {
        this.fork = fork;
        this.here = here;
        loop = here.netty().isCompatible(EpollIoHandle.class) ? here : EventLoop.shared();
    }

    static Mono<ForkedProcess> spawn(Fork fork) {
        return Mono.defer(() -> {
            EventLoop home = EventLoop.current();
            ForkLaunch launch = new ForkLaunch(fork, home == null ? EventLoop.shared() : home);
            return launch.start()
                    .filter(child -> launch.owned.replace(Disposables.never()))
                    .doFinally(signal -> launch.owned.dispose());
        });
    }

    private Mono<ForkedProcess> start() {
        return EventLoop.onCurrent(Mono.fromCallable(fork::command).subscribeOn(Workers.LAUNCH))
                .flatMap(command -> Mono.usingWhen(
                        EventLoop.onCurrent(ChannelServer.bind(loop))
                                .doOnDiscard(ChannelServer.class, ChannelServer::dispose),
                        server -> start(command, server),
                        server -> Mono.fromRunnable(server::dispose)));
    }

    private Mono<ForkedProcess> start(Command command, ChannelServer server) {
        return EventLoop.onCurrent(
                        Mono.fromCallable(server::invite).subscribeOn(Workers.LAUNCH)) // it reads random bytes
                .flatMap(invitation -> start(command, server, invitation));
    }

    private Mono<ForkedProcess> start(Command command, ChannelServer server, Invitation invitation) {
        Mono<Channel> arrival = server.accept(invitation); // now: the child may come before we hear that it runs
        Mono<DefaultChildProcess> spawned = Executions.spawn(
                        List.of(command.env(Invitation.VARIABLE, invitation.text())))
                .map(children -> children.get(0))
                .doOnNext(owned::replace); // before the hop, where a cancel would drop it
        return here.adopt(spawned) // tells the end of that loop, too
                .flatMap(process -> connected(process, arrival));
    }

    private Mono<ForkedProcess> connected(DefaultChildProcess process, Mono<Channel> arrival) {
        Command command = process.command();
        Mono<Channel> late = Mono.error(() -> ForkException.late(command, fork.connectTimeout()));
        return Mono.firstWithSignal(
                        arrival,
                        EventLoop.onCurrent(ended(process)),
                        Mono.delay(Duration.ofNanos(Durations.nanos(fork.connectTimeout())), here)
                                .then(late))
                .map(channel -> {
                    DefaultForkedProcess forked = new DefaultForkedProcess(process, channel);
                    owned.replace(forked);
                    return forked;
                });
    }

    /** Errors when it has ended, with what it wrote to stderr if that is ours to read. */
    private static Mono<Channel> ended(DefaultChildProcess process) {
        Command command = process.command();
        return process.ended()
                .doOnNext(status -> process.limitOutput(command.drain()))
                .flatMap(status -> Capture.tail(process.stderrPipe())
                        .flatMap(stderr -> Mono.error(ForkException.ended(
                                command,
                                status,
                                stderr.text(command.stderrRules().charset()).strip()))));
    }
}
