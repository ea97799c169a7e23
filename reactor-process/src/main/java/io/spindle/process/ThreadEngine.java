// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.buffer.ByteBuf;
import io.netty.channel.IoEventLoop;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;

/**
 * Launches by {@link ProcessBuilder} with its own pipes, and a thread for each of them: for platforms where nothing
 * else works. Differs from epoll in that the JDK itself ends the outputs when the process ends, so what a grandchild
 * writes later may be lost, in that a reader whose pipe is held by a grandchild stays, idle, until that ends, and in
 * that of a pipeline that cannot be started the JDK kills the first stages, not what these have started.
 */
final class ThreadEngine implements Engine {

    @Override
    public boolean canUse(IoEventLoop loop) {
        return true;
    }

    @Override
    public List<Launched> launch(List<Command> stages, IoEventLoop loop) throws LaunchException {
        List<Process> processes = start(stages);
        List<Launched> launched = new ArrayList<>(stages.size());
        for (int i = 0; i < processes.size(); i++) {
            launched.add(launched(processes.get(i), stages.get(i), loop, i == 0, i == processes.size() - 1));
        }
        return launched;
    }

    private static List<Process> start(List<Command> stages) throws LaunchException {
        List<ProcessBuilder> builders = new ArrayList<>(stages.size());
        for (Command command : stages) {
            foresee(command, stages.size() > 1);
            ProcessBuilder builder = JdkProcess.builder(command);
            builders.add(builders.isEmpty() ? builder : builder.redirectInput(Redirect.PIPE));
        }
        try {
            return builders.size() == 1 ? List.of(builders.get(0).start()) : ProcessBuilder.startPipeline(builders);
        } catch (IOException e) {
            throw new LaunchException(failed(stages, e), e);
        }
    }

    /** Nothing has been started yet: when a stage fails later, the JDK forgets to close the pipe before it. */
    private static void foresee(Command command, boolean needed) throws LaunchException {
        try {
            if (needed) {
                Programs.check(command);
            }
        } catch (IOException e) {
            throw new LaunchException(command, e);
        }
    }

    /** The JDK tells the program in its text only. */
    private static Command failed(List<Command> stages, IOException error) {
        String message = String.valueOf(error.getMessage());
        return stages.stream()
                .filter(each -> message.contains('"' + each.line().get(0) + '"'))
                .findFirst()
                .orElse(stages.get(0));
    }

    private static Launched launched(Process process, Command command, IoEventLoop loop, boolean first, boolean last) {
        String suffix = "-" + process.pid();
        Publisher<? extends ByteBuf> publisher = first ? command.stdin().publisher() : null;
        @Nullable
        InputPipe stdin = publisher == null
                ? null
                : new ThreadInputPipe(loop, publisher, process.getOutputStream(), "stdin" + suffix);
        @Nullable
        OutputPipe stdout = last && command.stdout().isPipe()
                ? new ThreadOutputPipe(loop, "stdout of " + command, process.getInputStream(), "stdout" + suffix)
                : null;
        @Nullable
        OutputPipe stderr = command.stderr().isPipe()
                ? new ThreadOutputPipe(loop, "stderr of " + command, process.getErrorStream(), "stderr" + suffix)
                : null;
        return new Launched(new JdkProcess(process), stdin, stdout, stderr);
    }

    @Override
    public String toString() {
        return "threads";
    }
}
