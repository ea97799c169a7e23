// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.spindle.loop.EventLoop;
import io.spindle.process.ChildProcess;
import io.spindle.process.Command;
import io.spindle.process.Input;
import io.spindle.process.JvmFlags;
import io.spindle.process.ipc.Channel;
import io.spindle.process.ipc.ChannelServer;
import io.spindle.process.ipc.Invitation;
import java.util.LinkedHashMap;
import java.util.Map;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * Starts the processes of workers. A worker shares our output if nothing else is said, or prints through us, and its input is
 * empty but open.
 */
final class WorkerProcess {

    private final PrimarySpec spec;
    private final EventLoop loop;
    private final ChannelServer server;
    private final WorkerOutput output;

    /**
     * A process, and what lets it in.
     *
     * @param channel emits when it has connected, which may be before anybody hears of the process
     */
    record Started(ChildProcess process, Invitation invitation, Mono<Channel> channel) {}

    private record Prepared(WorkerSettings settings, Command command) {}

    WorkerProcess(PrimarySpec spec, EventLoop loop, ChannelServer server) {
        this.spec = spec;
        this.loop = loop;
        this.server = server;
        this.output = new WorkerOutput(loop);
    }

    /** What they have printed, and what has happened to them. */
    RecentLines recentLines() {
        return output.recent();
    }

    void happened(ClusterEvent event) {
        output.happened(event);
    }

    /** Completes when all that they have printed is written, see {@link WorkerOutput#end()}. */
    Mono<Void> lastWords() {
        return output.end();
    }

    /** Signals on the loop, and so does the process. */
    Mono<Started> start(int id, int slot, boolean standby) {
        return Mono.fromCallable(server::invite) // asks the system for random bytes, which may block
                .subscribeOn(Schedulers.boundedElastic())
                .publishOn(loop)
                .flatMap(invitation -> invited(id, slot, standby, invitation));
    }

    private Mono<Started> invited(int id, int slot, boolean standby, Invitation invitation) {
        Mono<Channel> channel = server.accept(invitation); // now: it may come before we hear of the process
        return spawn(new Role(id, slot, ProcessHandle.current().pid(), standby, spec.grace(), invitation))
                .doOnError(error -> server.revoke(invitation))
                .map(process -> new Started(process, invitation, channel));
    }

    private Mono<ChildProcess> spawn(Role role) {
        return Mono.fromCallable(() -> prepared(role))
                .subscribeOn(Schedulers.boundedElastic())
                .publishOn(loop)
                .flatMap(ready ->
                        ready.command().spawn().doOnNext(process -> output.read(role.id(), ready.settings(), process)));
    }

    private Prepared prepared(Role role) {
        WorkerSettings own = spec.settingsOf(role.slot());
        return new Prepared(own, command(role, own));
    }

    private Command command(Role role, WorkerSettings own) {
        PrimarySpec all = spec.jvmArgs(own.jvmArgs().toArray(String[]::new));
        Command command = Command.of(CommandLine.worker(all, Self.current()))
                .stdin(Input.empty())
                .stdout(own.stdout())
                .stderr(own.stderr());
        for (String variable : JvmFlags.EXPANDED_VARIABLES) {
            command = command.unsetEnv(variable);
        }
        for (String variable : ServiceNotices.VARIABLES) {
            command = command.unsetEnv(variable);
        }
        Map<String, String> env = new LinkedHashMap<>(spec.env());
        env.putAll(own.env());
        for (Map.Entry<String, String> variable : env.entrySet()) {
            command = command.env(variable.getKey(), variable.getValue());
        }
        return command.env(Role.VARIABLE, role.text());
    }
}
