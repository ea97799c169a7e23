// SPDX-License-Identifier: Apache-2.0
package io.spindle.examples;

import io.spindle.loop.EventLoop;
import io.spindle.process.ExecException;
import io.spindle.process.ExecResult;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Runs a program and prints what it wrote. */
@Command(
        name = "exec-ls",
        description = "Runs ls -la and prints its output; if it fails, prints its errors and exits with its code.")
final class ExecLs implements Callable<Integer> {

    /** Everything, options too, in its order: Main tells picocli so. */
    @Parameters(paramLabel = "ARGS", description = "Further arguments of ls.")
    private List<String> arguments = new ArrayList<>();

    @Override
    public Integer call() {
        return EventLoop.run(loop -> io.spindle.process.Command.of("ls", "-la")
                .args(arguments.toArray(new String[0]))
                .exec()
                .subscribe(ExecLs::print, error -> loop.exit(failed(error))));
    }

    private static void print(ExecResult result) {
        System.out.print(result.stdout());
    }

    private static int failed(Throwable error) {
        if (error instanceof ExecException exec) {
            System.err.print(exec.stderr());
            int code = exec.status().code();
            if (exec.reason() != ExecException.Reason.EXIT_CODE) { // too much output, say: ls itself did not complain
                System.err.println("exec-ls: " + exec.getMessage());
            }
            return code == 0 ? 1 : code;
        }
        System.err.println("exec-ls: " + error.getMessage());
        return 1;
    }
}
