// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A process of {@link ProcessBuilder}. The JDK has a thread waiting for its end. */
record JdkProcess(
        Process process,
        @Nullable InputPipe stdin,
        @Nullable OutputPipe stdout,
        @Nullable OutputPipe stderr) implements Engine.Launched {

    /** Returns a builder with everything but the pipes. */
    static ProcessBuilder builder(Command command) {
        ProcessBuilder builder = new ProcessBuilder(command.line());
        Path directory = command.directory();
        if (directory != null) {
            builder.directory(directory.toFile());
        }
        Map<String, String> environment = builder.environment();
        if (command.clearEnv()) {
            environment.clear();
        }
        command.environment().forEach((name, value) -> {
            if (value == null) {
                environment.remove(name);
            } else {
                environment.put(name, value);
            }
        });
        redirect(command.stdin().redirect(), builder::redirectInput);
        redirect(command.stdout().redirect(), builder::redirectOutput);
        redirect(command.stderr().redirect(), builder::redirectError);
        return builder.redirectErrorStream(command.stderr().isMerged());
    }

    private static void redirect(@Nullable Redirect to, Consumer<Redirect> setter) {
        if (to != null) {
            setter.accept(to);
        }
    }

    @Override
    public ProcessHandle handle() {
        return process.toHandle();
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // never fails
    public void onExit(Consumer<ExitStatus> listener) {
        process.onExit().thenAccept(ended -> listener.accept(ExitStatus.ofShellCode(ended.exitValue())));
    }
}
