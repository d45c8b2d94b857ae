import sys

from polar_django.sandbox.standalone import main

if __name__ == "__main__":
    main(sys.argv[1:])
