// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.spindle.loop.EventLoop;
import io.spindle.process.ChildProcess;
import io.spindle.process.Command;
import io.spindle.process.Input;
import io.spindle.process.JvmFlags;
import java.util.LinkedHashMap;
import java.util.Map;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** Starts the process of a worker. It shares our output if nothing else is said, and its input is empty but open. */
final class WorkerProcess {

    private final PrimarySpec spec;
    private final EventLoop loop;

    WorkerProcess(PrimarySpec spec, EventLoop loop) {
        this.spec = spec;
        this.loop = loop;
    }

    /** Signals on the loop, and so does the process. */
    Mono<ChildProcess> spawn(Role role) {
        return Mono.fromCallable(() -> command(role))
                .subscribeOn(Schedulers.boundedElastic())
                .publishOn(loop)
                .flatMap(Command::spawn);
    }

    private Command command(Role role) {
        WorkerSettings own = spec.settingsOf(role.slot());
        PrimarySpec all = spec.jvmArgs(own.jvmArgs().toArray(String[]::new));
        Command command = Command.of(CommandLine.worker(all, Self.current()))
                .stdin(Input.empty())
                .stdout(own.stdout())
                .stderr(own.stderr());
        for (String variable : JvmFlags.EXPANDED_VARIABLES) {
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
