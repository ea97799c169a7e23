// SPDX-License-Identifier: Apache-2.0
package io.spindle.spring.hello;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

// README: service
@RestController
@SpringBootApplication
public class Hello {

    public static void main(String[] args) {
        SpringApplication.run(Hello.class, args);
    }

    @GetMapping("/")
    String hello() {
        return "hello from process " + ProcessHandle.current().pid() + "\n";
    }
}
// README: end
